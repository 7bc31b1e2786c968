"""Last changes of a source's settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from botmeter.domain import text
from botmeter.domain.source import Source
from botmeter.ledger.sources import SourceChange
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.rich_text import Word, name_word, plain

_LABELS = {
    "bot_id": "default bot",
    "bot_name": "its name",
    "bot_version": "its version",
    "channel": "channel",
    "identities": "bot identities",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Change."""

    at: str
    what: str
    who: Word


def change_lines(history: Sequence[SourceChange], *, is_whole: bool, zone: str) -> tuple[ChangeLine, ...]:
    """List changes, newest first; unless `is_whole`, the oldest is only the next one's predecessor."""
    before: list[SourceChange | None] = [None] if is_whole else []
    lines = [
        ChangeLine(
            at=text.instant_text(after.recorded_at, zone=zone),
            what=_what(before, after),
            who=plain("unknown") if after.by is None else name_word(after.by),
        )
        for before, after in pairwise([*before, *history])
        if after is not None
    ]
    return tuple(reversed(lines))


def _what(before: SourceChange | None, after: SourceChange) -> str:
    if after.is_removed:
        return "Removed"
    if before is None or before.is_removed:
        return "Created" if before is None else "Created again"
    return f"Changed: {', '.join(_different(before.source, after.source))}"


def _different(before: Source, after: Source) -> Iterator[str]:
    yield from (label for name, label in _LABELS.items() if getattr(before, name) != getattr(after, name))
    labels = {option.name: option.label for option in connector_of(after.platform).options}
    for name in sorted(dict(before.options).keys() | dict(after.options).keys()):
        if before.option(name) != after.option(name):
            yield labels.get(name, name)
