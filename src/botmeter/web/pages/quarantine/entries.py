"""Entries of quarantine and their groups, as lines of tables."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.ledger.quarantine import Quarantined, QuarantineGroup
from botmeter.reports.explanation_sentences import escaped_text
from botmeter.web.quarantine_address import QuarantineAddress
from botmeter.web.rich_text import Word, Words, id_word, listed, name_word

RAW_BYTES_MAX: Final = 4_000
"""Of an event as sent: 50 on a page stay below a quarter megabyte. The download has the rest."""
_SOURCES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """Entry.

    Attributes:
        raw: The event as sent, cut; empty if hidden.
        discarded: Time, person and reason; empty while it waits.
    """

    number: str
    at: str
    source: Word
    event_id: Word
    code: str
    detail: str
    raw: str
    is_cut: bool
    discarded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """Entries with one code; `href` shows them alone, or all again, and `action` is where a retry of them is sent."""

    code: str
    href: str
    action: str
    is_current: bool
    count: str
    latest: str
    sources: Words
    example: str


def entry_line(entry: Quarantined, *, zone: str, now_us: int, has_raw: bool) -> EntryLine:
    """Format an entry."""

    def instant(at_us: int) -> str:
        return text.row_instant_text(at_us, zone=zone, now_us=now_us, seconds=False)

    discarded: tuple[str, ...] = ()
    if entry.discarded_at is not None:
        discarded = (instant(entry.discarded_at), entry.discarded_by or "unknown", entry.discarded_for or "")
    return EntryLine(
        number=str(entry.number),
        at=instant(entry.recorded_at),
        source=name_word(entry.source),
        event_id=id_word(entry.event_id or ""),
        code=entry.code,
        detail=escaped_text(entry.detail),
        raw=_raw_text(entry.raw[:RAW_BYTES_MAX]) if has_raw else "",
        is_cut=len(entry.raw) > RAW_BYTES_MAX,
        discarded=discarded,
    )


def group_line(
    group: QuarantineGroup, address: QuarantineAddress, *, account: str, zone: str, now_us: int
) -> GroupLine:
    """Format a group."""
    is_current = group.code == address.code
    return GroupLine(
        code=group.code,
        href=address.of_code("" if is_current else group.code).href(account),
        action=address.of_code(group.code).href(account),
        is_current=is_current,
        count=text.count_text(group.entry_count),
        latest=text.row_instant_text(group.latest_at, zone=zone, now_us=now_us, seconds=False),
        sources=listed((name_word(name) for name in group.sources), most=_SOURCES_MAX),
        example=escaped_text(group.example.detail),
    )


def _raw_text(raw: bytes) -> str:
    """Escape line by line, so that JSON over several lines stays readable."""
    return "\n".join(escaped_text(line.expandtabs(2)) for line in raw.decode("utf-8", "replace").splitlines())
