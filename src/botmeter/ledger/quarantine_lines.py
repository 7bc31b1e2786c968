"""Lines of an export of quarantine, which the command and the page write."""

import json
from collections.abc import Iterator

from botmeter.domain.instant import text_from_us
from botmeter.ledger.quarantine import Quarantined, QuarantineFilter, quarantine_stream
from botmeter.ledger.readable import ReadableLedger

COLUMNS = (
    *("number", "recorded_at", "source", "position", "event_id", "code", "detail", "raw"),
    *("discarded_at", "discarded_by", "discarded_for"),
)


def quarantine_lines(ledger: ReadableLedger, chosen: QuarantineFilter, *, raw: bool) -> Iterator[str]:
    """Write entries as NDJSON, or only the events as they were sent, one per line."""
    for entry in quarantine_stream(ledger, chosen):
        yield f"{_raw_line(entry) if raw else json.dumps(entry_as_mapping(entry), ensure_ascii=False)}\n"


def entry_as_mapping(entry: Quarantined) -> dict[str, object]:
    """Values of `COLUMNS`."""
    return {name: getattr(entry, name) for name in COLUMNS} | {
        "recorded_at": text_from_us(entry.recorded_at),
        "discarded_at": None if entry.discarded_at is None else text_from_us(entry.discarded_at),
        "raw": entry.raw.decode("utf-8", "replace"),
    }


def _raw_line(entry: Quarantined) -> str:
    """Event on one line; in JSON, line breaks are between tokens only."""
    return entry.raw.decode("utf-8", "replace").replace("\r", " ").replace("\n", " ")
