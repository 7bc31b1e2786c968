"""Running sessions of one policy's scopes in memory, moved on by the kernel event by event.

A state is exact or unknown: an event that comes late to its scope makes it unknown, until the scope's events are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import DAY_US
from botmeter.metering import kernel
from botmeter.metering.arrange import EventColumns, arranged, edges_of, put_in_order, roles_of, rules_of
from botmeter.metering.columns import Ints, Mask, dictionary_of
from botmeter.metering.key_order import KIND_BITS
from botmeter.metering.policy import ALWAYS_US, InForce, Policy, ignores_order
from botmeter.metering.running_states import (
    IS_FREE,
    IS_LATE,
    JOINS,
    OPENS_SESSION,
    Scopes,
    advanced,
    ends_of,
    next_outcome,
    opened_at,
)
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.session_ids import session_ids
from botmeter.metering.touchpoints import Touchpoint

SCOPES_MAX: Final = 500_000
"""Scopes of a policy in memory, about 400 bytes each; beyond it, the ones with the oldest events become unknown."""
_FIRST_CAPACITY: Final = 1_024
_ROLES_MAX: Final = 10_000
# A message is never the first of a conversation that has a name, so this one is in no scope yet.
NEW_CONVERSATION: Final = ""

Key = tuple[str | None, ...]


class Message(NamedTuple):
    """Next message of a customer, to a bot."""

    customer_id: str
    bot_id: str
    channel: str
    conversation_id: str = NEW_CONVERSATION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSession:
    """Session that a next message belongs to; `ended_at` (µs UTC) is None while no limit ends it."""

    session_id: str
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextMessage:
    """Outcome of a next message: it opens a session, belongs to one, or takes no part."""

    opens_session: bool
    session: RunningSession | None = None


class ScopeStates:
    """States of the scopes of one policy in force.

    Attributes:
        is_complete: A scope without a state has no running session and no earlier event that matters.
    """

    def __init__(self, term: InForce, *, until_us: int, is_complete: bool) -> None:
        self.policy = term.policy
        self.is_complete = is_complete
        self._opens = (term.from_us, until_us)
        self._rules = rules_of(term.policy)
        # A running session is not over: whether it counts is asked about its messages so far, not about the session.
        self._counting_rules = self._rules._replace(min_customer=0, min_bot=0, max_agent=kernel.NEVER)
        self._ignores_order = ignores_order(term.policy)
        self._row_of: dict[Key, int] = {}
        self._key_of: list[Key | None] = []
        self._id_of: list[str] = []
        self._unused: list[int] = []
        self._unknown: set[Key] = set()
        self._scopes = Scopes(
            np.zeros((_FIRST_CAPACITY, kernel.STATE_COLUMNS), np.int64), np.zeros(_FIRST_CAPACITY, np.int64)
        )
        self._roles: dict[tuple[str, str], tuple[int, int]] = {}
        # Without a state, only later events can be added.
        self._since_us = ALWAYS_US

    def __len__(self) -> int:
        return len(self._row_of)

    def put_running(self, sessions: pa.Table) -> None:
        """Take running sessions, of a policy that ignores the order of events: ids, scopes, first and last instants."""
        keys = self._keys(sessions)
        rows = np.array([self._new_row(key) for key in keys], np.int64)
        started_at = sessions["started_at"].to_numpy()
        self._scopes.states[rows] = opened_at(self._rules, started_at, edges=edges_of(self.policy, started_at))
        self._scopes.last_at[rows] = sessions["last_event_at"].to_numpy()
        for row, session_id in zip(rows.tolist(), sessions["session_id"].to_pylist(), strict=True):
            self._id_of[row] = session_id

    def begin_at(self, at_us: int) -> None:
        """Refuse events before an instant for scopes without a state."""
        self._since_us = at_us

    def add(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> Ints:
        """Add events, in any order; return outcomes by row, `IS_LATE` where a state is unknown now."""
        columns = EventColumns(events, touchpoints=touchpoints)
        given = arranged(columns, self.policy, opens=self._opens, keeps_all=True)
        put_in_order(columns, given, keys=(0, len(given.start) - 1))
        used = np.flatnonzero(np.diff(given.start))
        if not len(used):
            return np.full(len(events), IS_FREE)
        firsts, ends = given.start[used], given.start[used + 1]
        row_of_position = given.events[:, kernel.WORD] >> kernel.ROW_SHIFT
        keys = self._keys(_with_bots(events.take(pa.array(row_of_position[firsts])), touchpoints))
        scopes = np.array([self._row_for(key) for key in keys], np.int64)
        is_late = (scopes < 0) | self._are_late(scopes, given.events[firsts, kernel.AT])
        states = np.zeros((len(given.start) - 1, kernel.STATE_COLUMNS), np.int64)
        states[used[~is_late]] = self._scopes.states[scopes[~is_late]]
        outcomes = advanced(
            given,
            self._counting_rules,
            texts=columns.conversations.texts,
            edges=edges_of(self.policy, columns.span_us),
            states=states,
            row_count=len(events),
        )
        for first, end in zip(firsts[is_late].tolist(), ends[is_late].tolist(), strict=True):
            outcomes[row_of_position[first:end]] = IS_LATE
        known = scopes[~is_late]
        self._scopes.states[known] = states[used[~is_late]]
        self._scopes.last_at[known] = np.maximum(
            self._scopes.last_at[known], given.events[ends[~is_late] - 1, kernel.AT]
        )
        self._name_sessions(events, states[used[~is_late], kernel.STATE_OPENING], scopes=known)
        for scope in scopes[is_late & (scopes >= 0)].tolist():
            self._forget(scope)
        return outcomes

    def forget(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> None:
        for key in set(self._keys(_with_bots(events, touchpoints))):
            self._forget_key(key)

    def next_message(self, message: Message, *, at_us: int) -> NextMessage | None:
        """Outcome of a message after all events of its scope; None if it takes no part.

        Raises:
            LookupError: The scope's state is unknown.
        """
        roles = self._roles_of(message.bot_id, message.channel)
        if roles is None:
            return None
        row = self._known_row(message)
        state = _NO_STATE if row is None else self._scopes.states[row]
        role, answer_role = roles if self._opens[0] <= at_us < self._opens[1] else _without_opening(roles)
        outcome, ended_at = next_outcome(self._rules, state, at_us=at_us, roles=(role, answer_role))
        if outcome == OPENS_SESSION:
            return NextMessage(opens_session=True)
        if outcome != JOINS or row is None:
            return NextMessage(opens_session=False) if outcome == kernel.UNCOUNTED else None
        ends_at = None if ended_at == kernel.NEVER else ended_at
        return NextMessage(opens_session=False, session=RunningSession(session_id=self._id_of[row], ended_at=ends_at))

    def latest_us(self, message: Message) -> int:
        row = self._row_of.get(self.key_of(message))
        return ALWAYS_US if row is None else int(self._scopes.last_at[row])

    def state_of(self, key: Key) -> tuple[Ints, int, str] | None:
        """State of a scope, instant of its latest event, and id of its session; None: unknown."""
        row = self._row_of.get(key)
        if row is None:
            return None
        return self._scopes.states[row].copy(), int(self._scopes.last_at[row]), self._id_of[row]

    def merge(self, other: "ScopeStates", keys: Sequence[Key]) -> None:
        """Take the states that another has of these scopes, no state included."""
        for key in keys:
            self._forget_key(key)
            self._unknown.discard(key)
            known, row = other.state_of(key), self._new_row(key)
            if known is not None:
                self._scopes.states[row], self._scopes.last_at[row], self._id_of[row] = known

    def remove_over(self, at_us: int) -> None:
        """Remove states that no event after an instant needs, and the oldest ones beyond `SCOPES_MAX`."""
        self.begin_at(max(at_us, self._since_us))
        if self.is_complete:
            used = np.zeros(len(self._scopes.states), np.bool_)
            used[list(self._row_of.values())] = True
            for row in np.flatnonzero(used & self._are_over(at_us)).tolist():
                self._remove(row)
        excess = len(self._row_of) - SCOPES_MAX
        if excess > 0:
            self.is_complete = False
            rows = np.array(list(self._row_of.values()), np.int64)
            for row in rows[np.argsort(self._scopes.last_at[rows], kind="stable")[:excess]].tolist():
                self._remove(row)

    def _are_late(self, scopes: Ints, at: Ints) -> Mask:
        # Whether the first of a scope's events comes before one that its state has, which then can't say what it is.
        states, last_at = self._scopes.states[scopes], self._scopes.last_at[scopes]
        late: Mask = at <= last_at
        if self._ignores_order:
            late &= (states[:, kernel.IS_OPEN] == 0) | (at <= states[:, kernel.STATE_STARTED_AT])
        return late

    def _are_over(self, at_us: int) -> Mask:
        # Whether a state says the same as none, for events from an instant on.
        states, last_at = self._scopes
        ends = ends_of(states)
        step = 1 if self._rules.inclusive_end else 0
        is_over = np.where(
            states[:, kernel.IS_OPEN] == 1,
            (ends != kernel.NEVER) & (ends + step <= at_us),
            states[:, kernel.PENDING] == 0,
        )
        over: Mask = is_over & (last_at < at_us)
        return over

    def key_of(self, message: Message) -> Key:
        values = {"customer": message.customer_id, "conversation": message.conversation_id}
        values |= {"bot": message.bot_id, "channel": message.channel}
        return tuple(values[name] for name in self.policy.scope)

    def _known_row(self, message: Message) -> int | None:
        if message.conversation_id == NEW_CONVERSATION and "conversation" in self.policy.scope:
            return None
        key = self.key_of(message)
        row = self._row_of.get(key)
        if row is None and (not self.is_complete or key in self._unknown):
            raise LookupError(key)
        return row

    def _keys(self, rows: pa.Table) -> list[Key]:
        columns = [rows[_COLUMN[name]].to_pylist() for name in self.policy.scope]
        return list(zip(*columns, strict=True))

    def _row_for(self, key: Key) -> int:
        row = self._row_of.get(key)
        if row is not None:
            return row
        return -1 if not self.is_complete or key in self._unknown else self._new_row(key)

    def _new_row(self, key: Key) -> int:
        if self._unused:
            row = self._unused.pop()
        else:
            row = len(self._key_of)
            self._key_of.append(None)
            self._id_of.append("")
            if row == len(self._scopes.states):
                states, last_at = self._scopes
                self._scopes = Scopes(
                    np.concatenate((states, np.zeros_like(states))), np.concatenate((last_at, np.zeros_like(last_at)))
                )
        self._scopes.states[row] = 0
        self._scopes.last_at[row] = self._since_us - 1
        self._key_of[row], self._row_of[key] = key, row
        return row

    def _name_sessions(self, events: pa.Table, openings: Ints, *, scopes: Ints) -> None:
        opened = np.flatnonzero(openings >= 0)
        if not len(opened):
            return
        rows = pa.array(openings[opened])
        ids = session_ids(
            self.policy.label,
            sources=dictionary_of(events["source"].take(rows)),
            opening_event_ids=events["event_id"].take(rows),
        )
        for scope, session_id in zip(scopes[opened].tolist(), ids.to_pylist(), strict=True):
            self._id_of[scope] = session_id

    def _forget_key(self, key: Key) -> None:
        row = self._row_of.get(key)
        if row is not None:
            self._forget(row)
        elif self.is_complete:
            self._unknown.add(key)

    def _forget(self, row: int) -> None:
        key = self._key_of[row]
        self._remove(row)
        if key is not None and self.is_complete:
            self._unknown.add(key)

    def _remove(self, row: int) -> None:
        key = self._key_of[row]
        if key is not None:
            del self._row_of[key]
        self._key_of[row], self._id_of[row] = None, ""
        self._unused.append(row)

    def _roles_of(self, bot_id: str, channel: str) -> tuple[int, int] | None:
        known = self._roles.get((bot_id, channel))
        if known is None:
            if len(self._roles) >= _ROLES_MAX:
                self._roles.clear()
            known = self._roles[bot_id, channel] = self._read_roles(bot_id, channel)
        return known if known[0] else None

    def _read_roles(self, bot_id: str, channel: str) -> tuple[int, int]:
        roles = roles_of(
            self.policy, [Touchpoint(bot_id, None, channel)], opens=(ALWAYS_US, kernel.NEVER), keeps_all=True
        )
        role, answer_role = (
            int(roles.of_actor_and_kind[actor << KIND_BITS | Kind.MESSAGE] & roles.of_touchpoint[0])
            for actor in (Actor.CUSTOMER, Actor.BOT)
        )
        role, answer_role = (_of_members(role), _of_members(answer_role))
        return role, answer_role if self.policy.opens_on in ("outbound", "exchange") else 0


_COLUMN: Final[Mapping[str, str]] = {
    "customer": "customer_id",
    "conversation": "conversation_id",
    "bot": "bot_id",
    "channel": "channel",
}
_NO_STATE: Final[Ints] = np.zeros(kernel.STATE_COLUMNS, np.int64)


def _of_members(role: int) -> int:
    role &= ~kernel.MATCHES
    return role if role & kernel.MEMBER else role & ~kernel.OPENS


def _without_opening(roles: tuple[int, int]) -> tuple[int, int]:
    role, answer_role = roles
    return role & ~kernel.OPENS, answer_role & ~kernel.OPENS


def _with_bots(events: pa.Table, touchpoints: Sequence[Touchpoint]) -> pa.Table:
    # Of a table that may have these columns, with the numbers of other touchpoints or none.
    numbers = events["touchpoint"]
    bots = pa.array([touchpoint.bot_id for touchpoint in touchpoints], pa.string()).take(_whole(numbers))
    channels = pa.array([touchpoint.channel for touchpoint in touchpoints], pa.string()).take(_whole(numbers))
    named = events.select(["customer_id", "conversation_id"])
    return named.append_column("bot_id", bots).append_column("channel", channels)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _customer_messages(count: int) -> pa.Table:
    texts = {name: pa.array([""] * count, pa.string()) for name in ("event_id", "conversation_id", "customer_id")}
    columns = {
        "source": pa.array([""] * count).dictionary_encode(),
        **texts,
        "occurred_at": pa.array(np.zeros(count, np.int64)),
        "actor": pa.array([int(Actor.CUSTOMER)] * count, pa.uint8()),
        "kind": pa.array([int(Kind.MESSAGE)] * count, pa.uint8()),
        "touchpoint": pa.array(np.zeros(count, np.int32)),
        "preview": pa.nulls(count, pa.bool_()),
        "attributes": pa.nulls(count, pa.string()),
    }
    return pa.table({name: columns[name] for name in METER_SCHEMA.names}, schema=METER_SCHEMA)


@cache
def load_kernel() -> None:
    """Load the compiled functions ahead of their first use."""
    policy = Policy(max_duration_us=DAY_US)
    scopes = ScopeStates(InForce(policy=policy, from_us=ALWAYS_US), until_us=kernel.NEVER, is_complete=True)
    touchpoint = Touchpoint("", None, "unknown")
    scopes.add(_customer_messages(1), touchpoints=[touchpoint])
    scopes.next_message(Message("", "", "unknown"), at_us=1)
    scopes.put_running(pa.table({"customer_id": ["1"], "session_id": [""], "started_at": [0], "last_event_at": [0]}))
    scopes.remove_over(1)
