"""Events arranged for the kernel: with roles, and each scope key's side by side."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import DecodeError
from msgspec.json import Decoder

from botmeter.domain.event import KIND_BY_NAME, KIND_RANK, Actor, Kind
from botmeter.domain.period import calendar_edges_us
from botmeter.metering import kernel, key_order
from botmeter.metering.columns import Ints, Mask, codes_of
from botmeter.metering.policy import Policy
from botmeter.metering.text_column import Positions, TextColumn
from botmeter.metering.touchpoints import Touchpoint

_TURNS = {
    "customer": kernel.TURN_CUSTOMER,
    "bot": kernel.TURN_BOT,
    "any": kernel.TURN_ANY,
    "exchange": kernel.TURN_EXCHANGE,
}
_OPENERS = {
    "customer": (Actor.CUSTOMER,),
    "any": (Actor.CUSTOMER, Actor.BOT, Actor.AGENT),
    "exchange": (Actor.CUSTOMER, Actor.BOT, Actor.AGENT),
    "outbound": (Actor.BOT, Actor.AGENT),
}
_SIDES = {Actor.CUSTOMER: kernel.CUSTOMER, Actor.BOT: kernel.BOT, Actor.AGENT: kernel.AGENT}
_FLAGS = Decoder(dict[str, object])
_NO_MASK = np.zeros(0, np.bool_)
_NO_POSITIONS = np.zeros(0, np.int32)
# Batches of fewer rows are joined: each costs two calls.
_BATCH_ROWS_MIN = 1_000
# A key without an event costs little, so numbers that stand for none are only removed when most do.
_SPARE_KEYS = 4


def rules_of(policy: Policy) -> kernel.Rules:
    """Policy as the kernel's integers."""
    require = policy.require
    return kernel.Rules(
        max_duration=policy.max_duration_us or kernel.NEVER,
        idle_timeout=policy.idle_timeout_us or kernel.NEVER,
        idle_customer_only=policy.idle_clock == "customer",
        inclusive_end=policy.inclusive_end,
        max_turns=policy.max_turns or kernel.NEVER,
        turn_of=kernel.TURN_NONE if policy.max_turns is None else _TURNS[policy.turn_of],
        opens_on_exchange=policy.opens_on == "exchange",
        min_customer=require.min_customer,
        min_bot=require.min_bot,
        max_agent=kernel.NEVER if require.max_agent is None else require.max_agent,
    )


class Arranged(NamedTuple):
    """Events as the kernel takes them, and the position of each key's first, then their number."""

    events: Ints
    start: Ints


class _Batch(NamedTuple):
    # Some columns of rows that lie together, from row `first` on.
    first: int
    at: npt.NDArray[np.int64]
    actor: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    touchpoint: npt.NDArray[np.int32]

    def between(self, start: int, end: int) -> "_Batch":
        rows = slice(max(start - self.first, 0), max(end - self.first, 0))
        return _Batch(self.first + rows.start, self.at[rows], self.actor[rows], self.kind[rows], self.touchpoint[rows])


class EventColumns:
    """Columns of a `METER_SCHEMA` table in any encoding of its texts, read once for all policies of a schedule."""

    def __init__(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> None:
        self.events = events
        self.touchpoints = touchpoints
        self.batches = _batches(events, touchpoint_count=len(touchpoints))
        self.customers, self.conversations = TextColumn(events["customer_id"]), TextColumn(events["conversation_id"])
        self.ids = TextColumn(events["event_id"])
        self.conversation_entries = self.conversations.entries()
        self.id_entries = self.ids.entries() if self.ids.is_dictionary else _NO_POSITIONS
        # Code of each event's source and its rank in the order of names; none if there is one source for all.
        self.source_codes, self.source_names = _source_codes(events["source"])
        ranks = np.empty(len(self.source_names), np.int32)
        ranks[pc.sort_indices(self.source_names).to_numpy()] = np.arange(len(ranks))
        self.source_ranks = ranks[self.source_codes]
        # By the name of a part of the scope: the code of each row, and an entry that has each code's text.
        self._codes: dict[str, tuple[Positions, Ints]] = {}

    def __len__(self) -> int:
        return len(self.events)

    def keys(self, scope: tuple[str, ...]) -> tuple[Positions, int]:
        """Number of each event's scope key, from 0, and their upper bound."""
        keys, key_count = np.zeros(0, np.int32), 1
        for codes, code_count in map(self._scope_codes, scope):
            if not len(keys):
                keys, key_count = codes, code_count
                continue
            both, key_count = keys.astype(np.int64) * code_count + codes, key_count * code_count
            if key_count > _SPARE_KEYS * len(self) + key_order.KEYS_SPARED:
                distinct, both = np.unique(both, return_inverse=True)
                key_count = len(distinct)
            keys = both.astype(np.int32)
        return keys, key_count

    def _scope_codes(self, name: str) -> tuple[Positions, int]:
        if name in ("customer", "conversation"):
            if name not in self._codes:
                self._codes[name] = (self.customers if name == "customer" else self.conversations).codes()
            codes, entries = self._codes[name]
            return codes, max(1, len(entries))
        numbers, count = _numbers_of_touchpoints(name, self.touchpoints)
        own = numbers.astype(np.int32)
        codes = np.empty(len(self), np.int32)
        for batch in self.batches:
            codes[batch.first : batch.first + len(batch.at)] = own[batch.touchpoint]
        return codes, count

    def customer_entries(self, rows: Ints) -> Ints:
        if "customer" not in self._codes:
            return self.customers.entries_of(rows)
        codes, entries = self._codes["customer"]
        return entries[codes[rows]]

    @property
    def span_us(self) -> Ints:
        """First and last instant; empty without events."""
        spans = [bound for batch in self.batches for bound in (batch.at.min(), batch.at.max())]
        return np.array([min(spans), max(spans)] if spans else [], np.int64)

    def excluded(self, policy: Policy) -> Mask:
        """Mask of the events that the policy excludes; empty if none."""
        excluded = _NO_MASK
        for flag in sorted(policy.exclude):
            flagged = _flagged(self.events, flag)
            excluded = flagged if not len(excluded) else excluded | flagged
        return excluded


def _source_codes(column: pa.ChunkedArray) -> tuple[Positions, pa.Array]:
    if pa.types.is_dictionary(column.type) and column.num_chunks:
        names = column.chunk(0).dictionary
        if len(names) == 1 and all(chunk.dictionary.equals(names) for chunk in column.chunks):
            return _NO_POSITIONS, names
    texts = TextColumn(column)
    codes, entries = texts.codes()
    return codes if len(entries) > 1 else _NO_POSITIONS, texts.gathered(entries).combine_chunks()


def arranged(
    columns: EventColumns,
    policy: Policy,
    *,
    opens: tuple[int, int],
    session_of_row: Positions = _NO_POSITIONS,
    keeps_all: bool = False,
    threads: ThreadPoolExecutor | None = None,
) -> Arranged:
    """Scatter the events that a policy looks at into the order of their keys, not yet into each key's.

    Args:
        opens: Half-open span, µs UTC, in which it opens sessions.
        session_of_row: Leaves out events with a session; it has a row more than there are events, or fewer than two.
        keeps_all: Keep events that match and can't affect a session.
    """
    keys, key_count = columns.keys(policy.scope)
    roles = roles_of(policy, columns.touchpoints, opens=opens, keeps_all=keeps_all)
    excluded, entries = columns.excluded(policy), columns.conversation_entries
    each = map if threads is None else threads.map
    cuts = 0, len(columns) // 2, len(columns)
    halves = [[batch.between(*span) for batch in columns.batches] for span in pairwise(cuts)]
    start, positions = np.zeros(key_count + 1, np.int64), [np.zeros(key_count + 1, np.int64) for _ in halves]

    def count(half: int) -> None:
        for batch in halves[half]:
            key_order.count_by_key(batch, keys, session_of_row, excluded, roles, positions[half])

    def scatter(half: int) -> None:
        for batch in halves[half]:
            key_order.scatter(batch, keys, entries, session_of_row, excluded, roles, positions[half], events)

    list(each(count, (0, 1)))
    key_order.add_up(start, *positions)
    events = np.empty((int(start[-1]), kernel.EVENT_COLUMNS), np.int64)
    list(each(scatter, (0, 1)))
    return Arranged(events, start)


def put_in_order(columns: EventColumns, given: Arranged, *, keys: tuple[int, int]) -> None:
    """Put each key's events into its order."""
    texts, entries, ranks = columns.ids.texts, columns.id_entries, columns.source_ranks
    key_order.put_in_order(given.events, given.start, *keys, texts, entries, ranks)


def spans_of_keys(start: Ints, keys: tuple[int, int], *, count: int) -> list[tuple[int, int]]:
    """Parts of a span of keys, with about as many events each."""
    first, end = keys
    bounds = np.linspace(start[first], start[end], count + 1)[1:-1]
    cuts = [first, *(first + np.searchsorted(start[first:end], bounds)).tolist(), end]
    return list(pairwise(cuts))


def roles_of(
    policy: Policy, touchpoints: list[Touchpoint], *, opens: tuple[int, int], keeps_all: bool = False
) -> key_order.Roles:
    """Roles of events under a policy."""
    table = np.full((len(Actor), 1 << key_order.KIND_BITS), kernel.MATCHES, np.uint8)
    table[:, [KIND_BY_NAME[name] for name in policy.ends_on]] |= kernel.ENDS
    for actor, side in _SIDES.items():
        table[actor, Kind.MESSAGE] |= side
        if actor is not Actor.AGENT or policy.participants == "bot+agent":
            table[actor] |= kernel.MEMBER
        if actor in _OPENERS[policy.opens_on]:
            table[actor, Kind.MESSAGE] |= kernel.OPENS
    match = policy.match
    left = np.zeros(max(1, len(touchpoints)), np.uint8)
    for number, touchpoint in enumerate(touchpoints):
        if (
            (not match.bot or touchpoint.bot_id in match.bot)
            and (not match.bot_version or touchpoint.bot_version in match.bot_version)
            and (not match.channel or touchpoint.channel in match.channel)
        ):
            is_outside = policy.participants == "bot" and touchpoint.bot_id is None
            left[number] = 255 & ~kernel.MEMBER if is_outside else 255
    relevant = kernel.MEMBER | kernel.ENDS | (0 if policy.require.max_agent is None else kernel.AGENT)
    return key_order.Roles(
        of_actor_and_kind=table.reshape(-1),
        of_touchpoint=left,
        of_kind=np.array(KIND_RANK, np.int64),
        relevant=kernel.MATCHES if keeps_all else relevant,
        opens_from_us=opens[0],
        opens_before_us=opens[1],
    )


def _batches(events: pa.Table, *, touchpoint_count: int) -> list[_Batch]:
    numbers = events.select(["occurred_at", "actor", "kind", "touchpoint"])
    if numbers.num_columns and numbers.column(0).num_chunks * _BATCH_ROWS_MIN > len(events):
        numbers = numbers.combine_chunks()
    batches: list[_Batch] = []
    first = 0
    for rows in filter(len, numbers.to_batches()):
        at, actor, kind, touchpoint = map(_read_only, rows.columns)
        batches.append(_Batch(first, at, actor, kind, touchpoint))
        for column, bound in ((actor, len(Actor)), (kind, len(Kind)), (touchpoint, touchpoint_count)):
            # Compiled passes don't check where they read.
            if not 0 <= int(column.min()) <= int(column.max()) < bound:
                raise IndexError(f"Numbers of actor, kind and touchpoint must be from 0 to {bound - 1}.")
        first += len(rows)
    return batches


def _read_only(column: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    # Arrow's memory is; the compiler would make functions of their own for arrays that can be written.
    values.flags.writeable = False
    return values


def _flagged(events: pa.Table, flag: str) -> Mask:
    if flag == "preview":
        return np.array(events["preview"].fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
    flagged = np.zeros(len(events), np.bool_)
    attributes = events["attributes"]
    named = pc.fill_null(pc.match_substring(attributes, f'"{flag}"'), False)
    for row in np.flatnonzero(named.to_numpy(zero_copy_only=False)).tolist():
        flagged[row] = has_flag(attributes[row].as_py(), flag)
    return flagged


def has_flag(attributes: str, flag: str) -> bool:
    """Test for a true member of that name in attributes as JSON."""
    try:
        return f'"{flag}"' in attributes and _FLAGS.decode(attributes).get(flag) is True
    except DecodeError:
        return False


def scope_codes(
    rows: pa.Table, name: str, *, touchpoint_column: str, touchpoints: list[Touchpoint]
) -> tuple[Ints, int]:
    """Numbers from 0 of the rows' values of a part of the scope, equal for equal values; and their upper bound."""
    if name in ("customer", "conversation"):
        codes, texts = codes_of(rows[f"{name}_id"])
        return codes, len(texts) + 1
    numbers, count = _numbers_of_touchpoints(name, touchpoints)
    return numbers[rows[touchpoint_column].to_numpy()], count


def _numbers_of_touchpoints(name: str, touchpoints: list[Touchpoint]) -> tuple[Ints, int]:
    values = [touchpoint.bot_id if name == "bot" else touchpoint.channel for touchpoint in touchpoints]
    number_of = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([number_of[value] for value in values], np.int64), max(1, len(number_of))


def edges_of(policy: Policy, occurred_at: npt.NDArray[np.int64]) -> Ints:
    """Calendar bounds around instants, ascending; none without a calendar."""
    if policy.calendar is None or len(occurred_at) == 0:
        return np.empty(0, np.int64)
    first, last = int(occurred_at.min()), int(occurred_at.max())
    return np.array(calendar_edges_us(policy.calendar, timezone=policy.timezone, start_us=first, end_us=last), np.int64)
