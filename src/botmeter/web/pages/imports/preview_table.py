"""First rows of a file as events, beside refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botmeter.domain import text
from botmeter.domain.event import Actor, Kind
from botmeter.sources.preview import Preview, PreviewRow
from botmeter.web.rich_text import Word, id_word, name_word, plain

_IDS: Final = ("conversation_id", "customer_id", "bot_id", "channel", "event_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """Record; either `cells` or `refusal` is set."""

    number: str
    sent_at: Word
    at: str
    cells: tuple[Word, ...]
    refusal: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewTable:
    """First records."""

    lines: tuple[PreviewLine, ...]
    summary: str
    notes: tuple[str, ...]


def preview_table(preview: Preview) -> PreviewTable:
    """Format the records."""
    refused = sum(row.rejection is not None for row in preview.rows)
    count = text.counted(len(preview.rows), "record")
    state = "all are events" if not refused else f"{text.count_text(refused)} refused"
    return PreviewTable(
        lines=tuple(map(_line, preview.rows)),
        summary=f"First {count}, {state}" if preview.rows else "",
        notes=tuple(dict.fromkeys(preview.notes)),
    )


def _line(row: PreviewRow) -> PreviewLine:
    event, rejection = row.event, row.rejection
    return PreviewLine(
        number=text.count_text(row.position + 1),
        sent_at=id_word(row.sent_at),
        at="" if event is None else text.instant_text(event["occurred_at"]),
        cells=() if event is None else _cells(event),
        refusal="" if rejection is None else rejection.detail,
        code="" if rejection is None else rejection.code,
    )


def _cells(event: Mapping[str, Any]) -> tuple[Word, ...]:
    kind = Kind(event["kind"])
    actor = Actor(event["actor"]).name.lower()
    who = actor if kind is Kind.MESSAGE else f"{actor}, {kind.name.lower().replace('_', ' ')}"
    bot = event["bot_id"] or ""
    named = name_word(event["bot_name"]) if event["bot_name"] and not bot else id_word(bot)
    words = {name: id_word(event[name] or "") for name in _IDS} | {"bot_id": named}
    return (plain(who), *words.values())
