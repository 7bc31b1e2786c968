"""Usage of extended sessions: counts change by differences, and conversations only gain rows and touchpoints."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US
from botmeter.ledger.known_keys import Keys
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.recent_memory import ConversationKeys
from botmeter.ledger.recent_sessions import ConversationRow, RecentSessions
from botmeter.ledger.usage_tables import (
    CONVERSATION_COUNTS,
    SESSION_COUNTS,
    CountStatements,
    conversation_keys,
    conversation_rows,
    delete_conversation_rows,
    insert_conversation_rows,
    refresh_tickets_of,
    replace_counts,
    stored_counts,
    update_conversation_rows,
    usage_parts,
)


class UsagePart(NamedTuple):
    """Touchpoint that a conversation has in a session that began on a day, from 1970-01-01."""

    conversation_id: str
    day: int
    preview: bool
    touchpoint: int


class PartChanges(NamedTuple):
    """Parts of new sessions, new parts of others, and parts of replaced sessions that only other sessions may have."""

    added: set[UsagePart]
    replaced: set[UsagePart]

    @property
    def conversations(self) -> set[str]:
        return {part.conversation_id for part in (*self.added, *self.replaced)}


def extend_usage(
    ledger: Ledger,
    recent: RecentSessions,
    *,
    counts: Counter[tuple[Any, ...]],
    parts: PartChanges,
    events: pa.Table,
) -> None:
    """Add the usage of new events. In a transaction.

    Args:
        counts: Changes of `session_usage`, by its columns.
        parts: Of the stored sessions.
        events: Of all conversations whose parts change, as `new_events` gives them.
    """
    _change_counts(ledger, recent.session_counts, changes=counts, table=SESSION_COUNTS)
    linked = set(events.filter(events["ticket_id"].is_valid())["conversation_id"].to_pylist())
    keys = _hashes_of(events, parts.conversations | linked)
    known = ledger.memory.conversations or conversation_keys(ledger.connection)
    _read_rows(ledger, recent, hashes=keys, known=known)
    lost = _lost_parts(ledger, parts.replaced)
    if parts.added or lost:
        changes = _change_rows(ledger, recent, added=parts.added, lost=lost)
        _change_counts(ledger, recent.conversation_counts, changes=changes, table=CONVERSATION_COUNTS)
    touched = sorted(parts.conversations)
    has_tickets = known.with_tickets.suspects(_hashes(keys, touched)).known
    with_tickets = {each for each, has in zip(touched, has_tickets.tolist(), strict=True) if has} | linked
    days = [row.day for conversation_id in with_tickets for row in recent.rows_of[conversation_id]]
    days += [part.day for part in lost if part.conversation_id in with_tickets]
    if days:
        bounds = {"start": min(days) * DAY_US, "end": (max(days) + 1) * DAY_US}
        refresh_tickets_of(ledger, sorted(with_tickets), bounds=bounds)
    known.add(with_rows=_hashes(keys, touched), with_tickets=_hashes(keys, linked))


def _hashes_of(events: pa.Table, conversations: set[str]) -> dict[str, int]:
    chosen = pc.is_in(events["conversation_id"], value_set=pa.array(list(conversations), pa.string()))
    named = events.select(["conversation_id", "conversation_key"]).filter(chosen)
    return dict(zip(named["conversation_id"].to_pylist(), named["conversation_key"].to_pylist(), strict=True))


def _change_counts(
    ledger: Ledger,
    known: dict[int, Counter[tuple[Any, ...]]],
    *,
    changes: Counter[tuple[Any, ...]],
    table: CountStatements,
) -> None:
    changed = {key: count for key, count in changes.items() if count}
    if not changed:
        return
    connection, days = ledger.connection, sorted({day for day, *_ in changed})
    unread = [day for day in days if day not in known]
    if unread:
        known |= {day: Counter() for day in unread}
        for *group, count in stored_counts(connection, table, days=unread):
            known[group[0]][tuple(group)] = count
    for key, count in changed.items():
        known[key[0]][key] += count
        if not known[key[0]][key]:
            del known[key[0]][key]
    replace_counts(connection, table, counts={day: known[day] for day in days})


def _read_rows(ledger: Ledger, recent: RecentSessions, *, hashes: Mapping[str, int], known: ConversationKeys) -> None:
    unread = sorted(each for each in hashes if each not in recent.rows_of)
    if not unread:
        return
    recent.rows_of |= {conversation_id: [] for conversation_id in unread}
    unread_keys = _hashes(hashes, unread)
    stored = known.with_rows.suspects(unread_keys).known
    if not stored.any():
        return
    chosen = {"conversation_id": pa.array(unread), "conversation_key": pa.array(unread_keys)}
    rows = conversation_rows(ledger.connection, pa.table(chosen).filter(pa.array(stored)))
    footprints = ledger.footprints.all()
    for conversation_id, day, preview, footprint, has_other_rows in rows:
        members = (footprint,) if footprint >= 0 else footprints[-1 - footprint]
        recent.rows_of[conversation_id].append(
            ConversationRow(day=day, preview=preview, members=members, has_other_rows=has_other_rows)
        )


def _lost_parts(ledger: Ledger, replaced: Collection[UsagePart]) -> set[UsagePart]:
    """Those that no stored session has any more."""
    if not replaced:
        return set()
    days = [part.day for part in replaced]
    conversations = {part.conversation_id for part in replaced}
    stored = usage_parts(ledger.connection, conversations, first_day=min(days), last_day=max(days))
    return set(replaced).difference(map(UsagePart._make, stored))


def _change_rows(
    ledger: Ledger, recent: RecentSessions, *, added: Iterable[UsagePart], lost: Iterable[UsagePart]
) -> Counter[tuple[Any, ...]]:
    """Change `conversation_day`; return the changes of the conversation counts."""
    by_conversation: dict[str, tuple[list[UsagePart], list[UsagePart]]] = {}
    for kind, parts in enumerate((added, lost)):
        for part in parts:
            by_conversation.setdefault(part.conversation_id, ([], []))[kind].append(part)
    counts: Counter[tuple[Any, ...]] = Counter()
    inserted: list[tuple[Any, ...]] = []
    updated: list[tuple[Any, ...]] = []
    deleted: list[tuple[Any, ...]] = []
    for conversation_id, (own_added, own_lost) in by_conversation.items():
        rows = recent.rows_of[conversation_id]
        before = {(row.day, row.preview): _values(ledger, row) for row in rows}
        _change_members(rows, added=own_added, lost=own_lost)
        after = {(row.day, row.preview): _values(ledger, row) for row in rows}
        for place in sorted(before.keys() | after.keys()):
            known, values = before.get(place), after.get(place)
            if values == known:
                continue
            (inserted if known is None else deleted if values is None else updated).append(
                (conversation_id, *(values or known or ()))
            )
            for counted, change in ((values, 1), (known, -1)):
                # Conversations with several rows are not in `conversation_usage`.
                if counted is not None and not counted.has_other_rows:
                    counts[counted.day, counted.footprint, counted.preview] += change
    ledger.insert_numbers()
    for changed, change_rows in (
        (inserted, insert_conversation_rows),
        (updated, update_conversation_rows),
        (deleted, delete_conversation_rows),
    ):
        if changed:
            change_rows(ledger.connection, _row_table(changed))
    return counts


def _change_members(rows: list[ConversationRow], *, added: Iterable[UsagePart], lost: Iterable[UsagePart]) -> None:
    by_place = {(row.day, row.preview): row for row in rows}
    for part in lost:
        row = by_place[part.day, part.preview]
        row.members = tuple(each for each in row.members if each != part.touchpoint)
    for part in added:
        place = part.day, part.preview
        if place not in by_place:
            by_place[place] = ConversationRow(day=part.day, preview=part.preview, members=(), has_other_rows=False)
            rows.append(by_place[place])
        row = by_place[place]
        row.members = tuple(sorted({*row.members, part.touchpoint}))
    rows[:] = [row for row in rows if row.members]
    for row in rows:
        row.has_other_rows = len(rows) > 1


class _RowValues(NamedTuple):
    day: int
    preview: bool
    footprint: int
    has_other_rows: bool


def _values(ledger: Ledger, row: ConversationRow) -> _RowValues:
    return _RowValues(row.day, row.preview, ledger.footprints.number(row.members), row.has_other_rows)


def _row_table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    names = ("conversation_id", "day", "preview", "footprint", "has_other_rows")
    return pa.table(dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True)))


def _hashes(keys: Mapping[str, int], conversations: Iterable[str]) -> Keys:
    return np.array([keys[each] for each in conversations], np.uint64)
