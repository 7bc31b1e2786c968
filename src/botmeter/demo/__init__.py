"""The demo account, generated from a seed: an invented retailer with six bots on six channels.

`retailer` says what the business is, `demand` how many come, `clock` when they are awake, `stories`
what conversations look like, `conversations` and `visits` who does what, `timeline` when, `identity`
under which ids, `assembly` how that becomes events, and `account` puts it in order of time.
"""

from botmeter.demo.account import DEMO_ACCOUNT, DEMO_SEED, DEMO_TITLE, demo_batches

__all__ = ["DEMO_ACCOUNT", "DEMO_SEED", "DEMO_TITLE", "demo_batches"]
