"""Lake of an account, as its pages show it."""

from dataclasses import dataclass
from shlex import quote

from botmeter.domain import text
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeState:
    """Lake and the record that is served; `command` adds events."""

    uri: str
    record: str
    recorded_at: str
    latest_event: str
    command: str


def lake_state(ledger: ReadableLedger, *, zone: str) -> LakeState | None:
    """Describe the account's lake; None: its events are in the ledger."""
    lake = ledger.lake
    if lake is None:
        return None
    last_us = lake.last_event_at
    command = ("botmeter lake run events/*.parquet", f"--lake {quote(lake.uri)}", f"--account {ledger.account.name}")
    return LakeState(
        uri=lake.uri,
        record=text.count_text(lake.number),
        recorded_at=text.instant_text(lake.recorded_at, zone=zone, seconds=False),
        latest_event="None" if last_us is None else text.instant_text(last_us, zone=zone, seconds=False),
        command=" \\\n  ".join(command),
    )
