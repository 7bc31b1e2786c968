"""Sources of an account. Each change is a row; the last affects later events only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from botmeter.domain.display_name import without_unfit_characters
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.source import BotIdentity, Source, checked_address_name
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

sql = statements_of(__name__)

_IN_SETTINGS = ("bot_id", "bot_name", "bot_version", "channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """One change of a source, as set or before its removal; `recorded_at` in µs UTC."""

    recorded_at: int
    source: Source
    is_removed: bool
    by: str | None


def source_of(ledger: ReadableLedger, name: str) -> Source | None:
    """Source's present settings."""
    rows = ledger.connection.execute(sql("sources"), {"source": name}).fetchall()
    return _source(rows[0]) if rows else None


def sources_of(ledger: ReadableLedger) -> tuple[Source, ...]:
    """Account's present sources by name."""
    rows = ledger.connection.execute(sql("sources"), {"source": None}).fetchall()
    return tuple(_source(row) for row in rows)


def removed_sources(ledger: ReadableLedger) -> frozenset[str]:
    """Names of removed sources."""
    return frozenset(name for (name,) in ledger.connection.execute(sql("removed_sources")).fetchall())


def existing_source(ledger: ReadableLedger, name: str) -> Source:
    """Source's present settings.

    Raises:
        Missing: `source_unknown`.
    """
    source = source_of(ledger, name)
    if source is None:
        known = ", ".join(source.name for source in sources_of(ledger)) or "none"
        raise Missing("source_unknown", f"Account {ledger.account.name} has no source {name[:60]!r}. Sources: {known}.")
    return source


def set_source(ledger: "Ledger", source: Source, *, now_us: int, by: str | None = None) -> bool:
    """Create or change a source for later events; return False if nothing changed.

    Raises:
        Refused: `source_name_invalid` if a new name does not fit a URL.
        Conflict: `source_platform_fixed` for another platform, whose ids mean other events.
    """
    ledger.refuse_in_lake("It has no sources of its own")
    before = source_of(ledger, source.name)
    if before == source:
        return False
    if before is None:
        checked_address_name(source.name)
    elif before.platform != source.platform:
        raise Conflict(
            "source_platform_fixed",
            f"Source {source.name} of account {ledger.account.name} has platform {before.platform}, which can't "
            f"change. Give the source of platform {source.platform} another name.",
        )
    _add(ledger, source, is_removed=False, now_us=now_us, by=by)
    return True


def remove_source(ledger: "Ledger", name: str, *, now_us: int, by: str | None = None) -> Source:
    """Remove the source and return its last settings; its events still count."""
    source = existing_source(ledger, name)
    _add(ledger, source, is_removed=True, now_us=now_us, by=by)
    return source


def source_history(ledger: ReadableLedger, name: str | None = None, *, last: int | None = None) -> list[SourceChange]:
    """Last `last` changes (None: all) of one source or all, in order."""
    rows = ledger.connection.execute(sql("source_terms"), {"source": name, "last": last}).fetchall()
    return [
        SourceChange(recorded_at=at, source=_source(row), is_removed=is_removed, by=by)
        for at, *row, is_removed, by in reversed(rows)
    ]


def _add(ledger: "Ledger", source: Source, *, is_removed: bool, now_us: int, by: str | None) -> None:
    with ledger.transaction() as connection:
        settings = _settings_text(source)
        connection.execute(sql("insert_source_term"), [now_us, source.name, source.platform, settings, is_removed, by])


def _settings_text(source: Source) -> str:
    settings: dict[str, object] = {name: getattr(source, name) for name in _IN_SETTINGS}
    return msgspec.json.encode(settings | {"identities": source.identities, "options": dict(source.options)}).decode()


def _displayable(settings: Mapping[str, Any]) -> dict[str, Any]:
    # Settings with a bot name that the present rule accepts.
    name = settings["bot_name"]
    return {**settings, "bot_name": without_unfit_characters(name) or None if name else None}


def _source(row: Sequence[str]) -> Source:
    name, platform, text = row
    settings: Mapping[str, Any] = msgspec.json.decode(text)
    return Source(
        name=name,
        platform=platform,
        **_displayable({each: settings[each] for each in _IN_SETTINGS}),
        identities=tuple(BotIdentity(**_displayable(each)) for each in settings["identities"]),
        options=tuple(settings["options"].items()),
    )
