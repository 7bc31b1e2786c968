"""Names of bots, channels and cost centres that facts of billing refer to."""

from botmeter.domain.errors import Missing
from botmeter.ledger.readable import ReadableLedger


def require_bot(ledger: ReadableLedger, bot_id: str) -> None:
    """Raise Missing `bot_unknown` unless events name the bot."""
    if not any(each.bot_id == bot_id for each in ledger.touchpoints.all()):
        raise Missing("bot_unknown", f"Account {ledger.account.name} has no bot {bot_id[:60]!r}.")


def require_channel(ledger: ReadableLedger, channel: str) -> None:
    """Raise Missing `channel_unknown` unless events name the channel."""
    if not any(each.channel == channel for each in ledger.touchpoints.all()):
        raise Missing("channel_unknown", f"Account {ledger.account.name} has no channel {channel[:60]!r}.")
