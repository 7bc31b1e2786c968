"""Demo account, generated from a seed: an invented retailer with six bots."""

from botmeter.demo.account import DEMO_ACCOUNT, DEMO_SEED, DEMO_TITLE, demo_batches
from botmeter.demo.sample import SAMPLE_DAYS, sample_batches

__all__ = [
    "DEMO_ACCOUNT",
    "DEMO_SEED",
    "DEMO_TITLE",
    "SAMPLE_DAYS",
    "demo_batches",
    "sample_batches",
]
