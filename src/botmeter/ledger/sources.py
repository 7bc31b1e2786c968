"""The sources of an account: what sends its events, and how what they leave out is filled in.

Sessions depend on it, so it stands in the ledger: each change is a row of its own with its instant and its author, and
the last one is in force. It changes how later events are read; what was taken in stays as it was read. What lets a
platform in (keys, secrets) is no concern of the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.source import BotIdentity, Source, checked_address_name
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

_IN_SETTINGS = ("bot_id", "bot_name", "bot_version", "channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """A source as it was from one instant on.

    Attributes:
        recorded_at: When, µs UTC.
        source: As it was set; where it was removed, as it was last.
        is_removed: From then on the account had no such source.
        by: Who set it; None: not known.
    """

    recorded_at: int
    source: Source
    is_removed: bool
    by: str | None


def source_of(ledger: ReadableLedger, name: str) -> Source | None:
    """The source as it is set now; None: the account has none of this name."""
    rows = ledger.connection.execute(sql("sources"), {"source": name}).fetchall()
    return _source(rows[0]) if rows else None


def sources_of(ledger: ReadableLedger) -> tuple[Source, ...]:
    """The account's sources as they are set now, by name."""
    rows = ledger.connection.execute(sql("sources"), {"source": None}).fetchall()
    return tuple(_source(row) for row in rows)


def existing_source(ledger: ReadableLedger, name: str) -> Source:
    """The source as it is set now.

    Raises:
        Missing: `source_unknown`.
    """
    found = source_of(ledger, name)
    if found is None:
        known = ", ".join(source.name for source in sources_of(ledger)) or "none yet"
        raise Missing("source_unknown", f"Account {ledger.account.name} has no source {name[:60]!r}; it has: {known}.")
    return found


def set_source(ledger: Ledger, source: Source, *, now_us: int, by: str | None = None) -> bool:
    """Has later events of the source read as it says; False if it was set so already.

    Args:
        ledger: The account's ledger, open for writing.
        source: The source; its first setting makes it one of the account's.
        now_us: The present instant.
        by: Who sets it; None: not known.

    Raises:
        Refused: `source_name_invalid` for a new one that no address could name.
        Conflict: `source_platform_fixed` for another platform than it has: ids of events would mean other events.
    """
    before = source_of(ledger, source.name)
    if before == source:
        return False
    if before is None:
        checked_address_name(source.name)
    elif before.platform != source.platform:
        raise Conflict(
            "source_platform_fixed",
            f"Source {source.name} of account {ledger.account.name} is of platform {before.platform} and stays so. "
            f"Give the one of platform {source.platform} another name.",
        )
    _add(ledger, source, is_removed=False, now_us=now_us, by=by)
    return True


def remove_source(ledger: Ledger, name: str, *, now_us: int, by: str | None = None) -> Source:
    """Has the account no source of this name any more, and gives it as it was. What it brought stays and counts.

    Raises:
        Missing: `source_unknown`.
    """
    source = existing_source(ledger, name)
    _add(ledger, source, is_removed=True, now_us=now_us, by=by)
    return source


def source_history(ledger: ReadableLedger, name: str | None = None, *, last: int | None = None) -> list[SourceChange]:
    """The changes of the account's sources, or of one, in the order in which they were made.

    Args:
        last: How many, counted from the last one; None: all.
    """
    rows = ledger.connection.execute(sql("source_terms"), {"source": name, "last": last}).fetchall()
    return [
        SourceChange(recorded_at=at, source=_source(row), is_removed=is_removed, by=by)
        for at, *row, is_removed, by in reversed(rows)
    ]


def _add(ledger: Ledger, source: Source, *, is_removed: bool, now_us: int, by: str | None) -> None:
    with ledger.transaction() as connection:
        connection.execute(
            sql("keep_source_term"),
            {
                "now": now_us,
                "source": source.name,
                "platform": source.platform,
                "settings": _settings_text(source),
                "removed": is_removed,
                "by": by,
            },
        )


def _settings_text(source: Source) -> str:
    settings: dict[str, object] = {name: getattr(source, name) for name in _IN_SETTINGS}
    settings["identities"] = [
        {"sender": each.sender, "bot_id": each.bot_id, "bot_name": each.bot_name, "bot_version": each.bot_version}
        for each in source.identities
    ]
    settings["options"] = dict(source.options)
    return msgspec.json.encode(settings).decode()


def _source(row: Sequence[str]) -> Source:
    name, platform, text = row
    settings: Mapping[str, Any] = msgspec.json.decode(text)
    return Source(
        name=name,
        platform=platform,
        **{each: settings[each] for each in _IN_SETTINGS},
        identities=tuple(BotIdentity(**each) for each in settings["identities"]),
        options=tuple(settings["options"].items()),
    )
