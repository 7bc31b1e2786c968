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


class EventColumns:
    """Columns of a `METER_SCHEMA` table in any encoding of its texts, read once for all policies of a schedule."""

    def __init__(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> None:
        self.events = events
        self.touchpoints = touchpoints
        self.at = numbers_of(events["occurred_at"], np.int64)
        self.actor = _below(numbers_of(events["actor"], np.uint8), len(Actor))
        self.kind = _below(numbers_of(events["kind"], np.uint8), len(Kind))
        self.touchpoint = _below(numbers_of(events["touchpoint"], np.int32), len(touchpoints))
        self.customers, self.conversations = TextColumn(events["customer_id"]), TextColumn(events["conversation_id"])
        self.ids = TextColumn(events["event_id"])

        self.conversation_entries = self.conversations.entries()
        self.id_entries = self.ids.entries() if self.ids.is_dictionary else _NO_POSITIONS
        # Code of each event's source and its rank in the order of names; none if there is one source for all.
        self.source_codes, self.source_names = _source_codes(events["source"])
        ranks = np.empty(len(self.source_names), np.int32)
        ranks[pc.sort_indices(self.source_names).to_numpy()] = np.arange(len(ranks))
        self.source_ranks = ranks[self.source_codes]
        self._codes: dict[str, tuple[Positions, int]] = {}

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
        if name in self._codes:
            return self._codes[name]
        if name in ("customer", "conversation"):
            codes, entries = (self.customers if name == "customer" else self.conversations).codes()
            found = codes, max(1, len(entries))
        else:
            numbers, count = _numbers_of_touchpoints(name, self.touchpoints)
            found = numbers.astype(np.int32)[self.touchpoint], count
        self._codes[name] = found
        return found

    def excluded(self, policy: Policy) -> Mask:
        """Mask of the events that the policy excludes; empty if it excludes none."""
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
    """Arrange the events that a policy looks at.

    Args:
        opens: Half-open span, µs UTC, in which it opens sessions.
        session_of_row: Leaves out events with a session. Empty: none has one.
        keeps_all: Keep events that match and can't affect a session.
    """
    keys, key_count = columns.keys(policy.scope)
    roles = roles_of(policy, columns.touchpoints, opens=opens, keeps_all=keeps_all)
    excluded, entries = columns.excluded(policy), columns.conversation_entries
    ids = columns.ids.texts, columns.id_entries, columns.source_ranks
    own_columns = columns.at, columns.actor, columns.kind, columns.touchpoint
    each = map if threads is None else threads.map
    halves = (0, len(columns) // 2), (len(columns) // 2, len(columns))
    start, positions = np.zeros(key_count + 1, np.int64), [np.zeros(key_count + 1, np.int64) for _ in halves]

    def count(half: int) -> None:
        key_order.count_by_key(own_columns, halves[half], keys, session_of_row, excluded, roles, positions[half])

    def scatter(half: int) -> None:
        key_order.scatter(
            own_columns, halves[half], keys, entries, session_of_row, excluded, roles, positions[half], events
        )

    def put_in_order(span: tuple[int, int]) -> None:
        key_order.put_in_order(events, start, *span, *ids)

    list(each(count, (0, 1)))
    key_order.add_up(start, *positions)
    events = np.empty((int(start[-1]), kernel.EVENT_COLUMNS), np.int64)
    list(each(scatter, (0, 1)))
    list(each(put_in_order, spans_of_keys(start, 1 if threads is None else 2)))
    return Arranged(events, start)


def spans_of_keys(start: Ints, count: int) -> list[tuple[int, int]]:
    """Spans of keys, first and past the last, with about as many events each."""
    key_count = len(start) - 1
    cuts = [0, *(int(np.searchsorted(start[:-1], start[-1] * part // count)) for part in range(1, count)), key_count]
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


def numbers_of(column: pa.ChunkedArray, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Values of a column of numbers in one array, which is a copy only if there are several chunks."""
    whole = column.to_numpy() if column.num_chunks != 1 else column.chunk(0).to_numpy(zero_copy_only=False)
    values: npt.NDArray[Any] = np.asarray(whole, kind)
    # The compiler makes functions of their own for arrays that can be written.
    values.flags.writeable = False
    return values


def _below(numbers: npt.NDArray[Any], bound: int) -> npt.NDArray[Any]:
    # Compiled passes don't check where they read.
    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < bound:
        raise IndexError(f"Numbers of actor, kind and touchpoint must be from 0 to {bound - 1}.")
    return numbers


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
    """Return whether an event's attributes, as JSON, have a true member of that name."""
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
