"""Seeded events and schedules whose whole tables are compared with golden digests, in every encoding of their texts."""

from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.metering.policy import ALWAYS_US, InForce, Match, Policy, Require, Schedule
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint

CASES = 25
START_US = 1_700_000_000_000_000
MINUTE_US = 60_000_000
TOUCHPOINTS = [Touchpoint(b, v, c) for b in (None, "a", "b") for v in (None, "1") for c in ("web", "whatsapp")]
_TEXTS = ("event_id", "conversation_id", "customer_id")
# Kinds by weight: a message mostly.
_KIND_SHARES = (0.7, 0.03, 0.03, 0.06, 0.04, 0.04, 0.04, 0.06)
_ATTRIBUTES = np.array([None, None, None, '{"spam":true}', '{"spam":"true"}', '{"note":"\\"spam\\"","x":1}'], object)


def case_events(case: int, count: int) -> pa.Table:
    """`METER_SCHEMA`, in no order: many events share an instant, few customers have most events."""
    random = np.random.default_rng(case)
    # A customer's share falls with its number, so that keys of one event and of thousands occur.
    customers = (random.random(count) ** 3 * max(2, count // 12)).astype(np.int64)
    numbers = random.permutation(count)
    ends = np.array(["", "é", "\U0001f600-" + "long " * 12, "z" * 200], object)[random.integers(0, 4, count)]
    columns = {
        # Two sources share the ids of events.
        "source": pa.array([f"source-{number % 2}" for number in numbers.tolist()]).dictionary_encode(),
        "event_id": [f"e{number // 2}{end}" for number, end in zip(numbers.tolist(), ends, strict=True)],
        "occurred_at": random.integers(0, max(120, count // 40), count) * MINUTE_US + START_US,
        "conversation_id": [f"v{number}" for number in (customers * 3 + random.integers(0, 3, count)).tolist()],
        "customer_id": [f"customer {number}" for number in customers.tolist()],
        "actor": pa.array(random.choice(4, count, p=(0.45, 0.4, 0.1, 0.05)), pa.uint8()),
        "kind": pa.array(random.choice(8, count, p=_KIND_SHARES), pa.uint8()),
        "touchpoint": pa.array(random.integers(0, len(TOUCHPOINTS), count), pa.int32()),
        "preview": pa.array(random.choice(np.array([True, False, None], object), count, p=(0.02, 0.5, 0.48))),
        "attributes": pa.array(_ATTRIBUTES[random.integers(0, len(_ATTRIBUTES), count)], pa.string()),
    }
    return pa.table(columns, schema=METER_SCHEMA)


def case_schedule(case: int) -> Schedule:
    """One to three policies, of every parameter."""
    random = Random(case)
    starts_us = [ALWAYS_US, START_US + 40 * MINUTE_US, START_US + 80 * MINUTE_US][: 1 + case % 3]
    return tuple(InForce(policy=_policy(random, f"p{number}"), from_us=us) for number, us in enumerate(starts_us))


def _policy(random: Random, name: str) -> Policy:
    while True:
        try:
            return Policy(
                name=name,
                scope=tuple(random.sample(["customer", "bot", "channel", "conversation"], random.randint(1, 3))),
                opens_on=random.choice(["customer", "any", "outbound", "exchange"]),
                max_duration_us=random.choice([None, 60 * MINUTE_US, 1_440 * MINUTE_US]),
                idle_timeout_us=random.choice([None, 10 * MINUTE_US, 120 * MINUTE_US]),
                idle_clock=random.choice(["any", "customer"]),
                calendar=random.choice([None, None, "day", "month"]),
                max_turns=random.choice([None, None, 3, 5]),
                turn_of=random.choice(["customer", "bot", "any", "exchange"]),
                ends_on=frozenset(
                    random.sample(["customer_end", "resolved", "handoff", "restart"], random.randint(0, 3))
                ),
                inclusive_end=random.random() < 0.3,
                match=Match(bot=frozenset(random.choice([[], ["a"], ["a", "b"]]))),
                exclude=frozenset(random.choice([[], ["preview"], ["spam"], ["preview", "spam"]])),
                participants=random.choice(["bot", "bot+agent"]),
                require=Require(
                    min_customer=random.choice([0, 0, 2]),
                    min_bot=random.choice([0, 1]),
                    max_agent=random.choice([None, None, 1]),
                ),
            )
        except Refused:
            continue


def _plain(table: pa.Table) -> pa.Table:
    return table


def _as_dictionaries(table: pa.Table) -> pa.Table:
    # Each chunk has a dictionary of its own, as the row groups of a file have.
    size = max(1, len(table) // 3)
    slices = [table.slice(first, size).combine_chunks() for first in range(0, len(table), size)]
    return pa.concat_tables([_each_text(piece, lambda column: column.dictionary_encode()) for piece in slices])


def _as_large(table: pa.Table) -> pa.Table:
    return _each_text(table, lambda column: column.cast(pa.large_string()))


def _as_views(table: pa.Table) -> pa.Table:
    return _each_text(table, lambda column: column.cast(pa.string_view()))


def _each_text(table: pa.Table, encoded: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    for name in _TEXTS:
        table = table.set_column(table.schema.get_field_index(name), name, encoded(table[name]))
    return table


ENCODINGS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "string": _plain,
    "dictionary": _as_dictionaries,
    "large_string": _as_large,
    "string_view": _as_views,
}


def digest(sessions: pa.Table, participations: pa.Table, *, members: pa.Array, closing: pa.Array) -> str:
    """Digest of whole tables, with a session's parts by conversation and touchpoint."""
    parts = participations.sort_by([(name, "ascending") for name in ("session_row", "conversation_id", "touchpoint")])
    whole = sha256()
    for column in (*sessions.columns, *parts.columns, members, closing):
        _add(column, whole)
    return whole.hexdigest()


def _add(column: Any, whole: Any) -> None:
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    whole.update(f"{values.type} {len(values)} {values.null_count} ".encode())
    if pa.types.is_string(values.type):
        texts = values.to_pylist()
        whole.update("\0".join(texts).encode())
        return
    zero = False if pa.types.is_boolean(values.type) else 0
    whole.update(values.is_valid().to_numpy(zero_copy_only=False).tobytes())
    whole.update(values.fill_null(zero).to_numpy(zero_copy_only=False).tobytes())
