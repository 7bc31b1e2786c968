"""Events arranged for the kernel: filtered, with roles, and ordered."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import DecodeError
from msgspec.json import Decoder
from numba import njit

from botmeter.domain.event import KIND_BY_NAME, KIND_RANK, Actor, Kind
from botmeter.domain.period import calendar_edges_us
from botmeter.metering import kernel
from botmeter.metering.columns import Ints, Mask, codes_of, ints_of, order_within_ties
from botmeter.metering.policy import Policy
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
# A thread takes 0.4 ms to begin, as long as encoding so many texts.
_WORTH_A_THREAD = 5_000
_FLAGS = Decoder(dict[str, object])


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


def arranged(
    events: pa.Table, policy: Policy, *, touchpoints: list[Touchpoint], opens: tuple[int, int]
) -> kernel.Events:
    """Events that take part under a policy, in its order.

    Args:
        events: `METER_SCHEMA`, in any order.
        opens: Half-open span, µs UTC, in which it opens sessions.
    """
    if len(events) < _WORTH_A_THREAD:
        conversations = codes_of(events["conversation_id"])[0]
        keys, key_count = _keys(events, policy.scope, touchpoints=touchpoints)
    else:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="codes") as thread:
            # Arrow releases the interpreter's lock, so both long text columns are encoded at once.
            coded = thread.submit(codes_of, events["conversation_id"])
            keys, key_count = _keys(events, policy.scope, touchpoints=touchpoints)
            conversations = coded.result()[0]
    rows = np.flatnonzero(_participating(events, policy, touchpoints=touchpoints))
    occurred_at = ints_of(events["occurred_at"])
    columns = np.empty((len(events), 4), np.int64)
    columns[:, kernel.KEY] = keys
    columns[:, kernel.AT] = occurred_at
    columns[:, kernel.ROLE] = _roles(events, policy, touchpoints=touchpoints, opens=opens)
    columns[:, kernel.PAIR] = (conversations << kernel.TOUCHPOINT_BITS) | events["touchpoint"].to_numpy()
    order = _order(events, rows=rows, keys=keys, key_count=key_count)
    return kernel.Events(order=order, columns=columns, edges=edges_of(policy, occurred_at))


def _participating(events: pa.Table, policy: Policy, *, touchpoints: list[Touchpoint]) -> Mask:
    match = policy.match
    matching = np.array(
        [
            (not match.bot or touchpoint.bot_id in match.bot)
            and (not match.bot_version or touchpoint.bot_version in match.bot_version)
            and (not match.channel or touchpoint.channel in match.channel)
            for touchpoint in touchpoints
        ],
        np.bool_,
    )
    participating = matching[events["touchpoint"].to_numpy()]
    for flag in policy.exclude:
        participating &= ~_flagged(events, flag)
    return participating


def _flagged(events: pa.Table, flag: str) -> Mask:
    if flag == "preview":
        return events["preview"].fill_null(False).to_numpy(zero_copy_only=False)
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


def _keys(events: pa.Table, scope: tuple[str, ...], *, touchpoints: list[Touchpoint]) -> tuple[Ints, int]:
    keys, key_count = np.zeros(len(events), np.int64), 1
    for name in scope:
        codes, code_count = scope_codes(events, name, touchpoint_column="touchpoint", touchpoints=touchpoints)
        keys, key_count = keys * code_count + codes, key_count * code_count
        if key_count > len(events) and len(scope) > 1:
            distinct, keys = np.unique(keys, return_inverse=True)
            key_count = len(distinct)
    return keys, key_count


def scope_codes(
    rows: pa.Table, name: str, *, touchpoint_column: str, touchpoints: list[Touchpoint]
) -> tuple[Ints, int]:
    """Numbers from 0 of the rows' values of a part of the scope, equal for equal values; and their upper bound."""
    if name in ("customer", "conversation"):
        codes, texts = codes_of(rows[f"{name}_id"])
        return codes, len(texts) + 1
    values = [touchpoint.bot_id if name == "bot" else touchpoint.channel for touchpoint in touchpoints]
    number_of = {value: number for number, value in enumerate(dict.fromkeys(values))}
    numbers = np.array([number_of[value] for value in values], np.int64)
    return numbers[rows[touchpoint_column].to_numpy()], max(1, len(number_of))


def _order(events: pa.Table, *, rows: Ints, keys: Ints, key_count: int) -> Ints:
    occurred_at = ints_of(events["occurred_at"])
    at = occurred_at[rows]
    if np.any(at[1:] < at[:-1]):
        rows = rows[np.argsort(at, kind="stable")]
    order = _counting_sort(rows, keys, key_count)
    ties = np.zeros(len(order), np.bool_)
    ties[1:] = _equal_neighbours(order, keys, occurred_at)
    rank = np.array(KIND_RANK, np.int64)[events["kind"].to_numpy()]
    decisive = events.select(["event_id", "source"]).add_column(0, "rank", pa.array(rank))
    return order_within_ties(order, ties=ties, table=decisive)


@njit(cache=True, nogil=True)
def _counting_sort(rows, keys, key_count):  # type: ignore[no-untyped-def]
    # Keep the order within a key.
    start = np.zeros(key_count + 1, np.int64)
    for row in rows:
        start[keys[row] + 1] += 1
    for key in range(key_count):
        start[key + 1] += start[key]
    grouped = np.empty(len(rows), np.int64)
    for row in rows:
        grouped[start[keys[row]]] = row
        start[keys[row]] += 1
    return grouped


@njit(cache=True, nogil=True)
def _equal_neighbours(order, keys, occurred_at):  # type: ignore[no-untyped-def]
    equal = np.zeros(max(0, len(order) - 1), np.bool_)
    for index in range(len(equal)):
        this, after = order[index], order[index + 1]
        equal[index] = keys[this] == keys[after] and occurred_at[this] == occurred_at[after]
    return equal


def _roles(
    events: pa.Table, policy: Policy, *, touchpoints: list[Touchpoint], opens: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    table = np.zeros((len(Actor), len(Kind)), np.uint8)
    ends = [KIND_BY_NAME[name] for name in policy.ends_on]
    table[:, ends] |= kernel.ENDS
    for actor, side in _SIDES.items():
        table[actor, Kind.MESSAGE] |= side
        if actor is not Actor.AGENT or policy.participants == "bot+agent":
            table[actor] |= kernel.MEMBER
        if actor in _OPENERS[policy.opens_on]:
            table[actor, Kind.MESSAGE] |= kernel.OPENS
    roles = table[events["actor"].to_numpy(), events["kind"].to_numpy()]
    if policy.participants == "bot":
        with_bot = np.array([touchpoint.bot_id is not None for touchpoint in touchpoints], np.bool_)
        roles[~with_bot[events["touchpoint"].to_numpy()]] &= ~np.uint8(kernel.MEMBER)
    occurred_at = events["occurred_at"].to_numpy()
    roles[(occurred_at < opens[0]) | (occurred_at >= opens[1])] &= ~np.uint8(kernel.OPENS)
    roles[roles & kernel.MEMBER == 0] &= ~np.uint8(kernel.OPENS)
    return roles


def edges_of(policy: Policy, occurred_at: npt.NDArray[np.int64]) -> Ints:
    """Calendar bounds around instants, ascending; none without a calendar."""
    if policy.calendar is None or len(occurred_at) == 0:
        return np.empty(0, np.int64)
    first, last = int(occurred_at.min()), int(occurred_at.max())
    return np.array(calendar_edges_us(policy.calendar, timezone=policy.timezone, start_us=first, end_us=last), np.int64)
