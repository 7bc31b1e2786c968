"""Sessions under the default policy, as one would write them in other engines.

An event's session depends on the last session's start: in SQL a fold over a list, in Polars and pandas, which have no
fold over a group, a Python function. Events get sessions by an as-of join, members by grouping. Only the meter gives
ids, ends, close reasons and an order of equal times.
"""

import time
from collections.abc import Iterable
from typing import Any

import duckdb

_DAY_US = 86_400_000_000
_PART_COLUMNS = ["conversation_id", "bot_id", "bot_version", "channel"]

_MEMBERS = """
CREATE TEMP TABLE member AS
WITH participant AS (
    SELECT
        event_id, customer_id, epoch_us(occurred_at) AS at_us, {part_columns},
        actor = 'customer' AND kind = 'message' AS opens
    FROM '{path}'
    WHERE bot_id IS NOT NULL AND actor IN ('customer', 'bot')
),
session AS (
    SELECT customer_id, unnest(list_reduce(
        list([at_us] ORDER BY at_us),
        lambda opened, next: CASE WHEN next[1] < opened[-1] + 86400000000 THEN opened ELSE opened || next END
    )) AS began_us
    FROM participant
    WHERE opens
    GROUP BY customer_id
)
SELECT e.event_id, e.customer_id, s.began_us, {part_columns}
FROM participant AS e
ASOF JOIN session AS s ON e.customer_id = s.customer_id AND e.at_us >= s.began_us
WHERE e.at_us < s.began_us + 86400000000
"""
_COUNTS = """
SELECT count(DISTINCT (customer_id, began_us)), sum(event_count)::BIGINT, count(*)
FROM (SELECT customer_id, began_us, {part_columns}, count(*) AS event_count FROM member GROUP BY ALL)
"""


def in_duckdb(path: str) -> dict[str, Any]:
    """By a list per customer, a fold and an as-of join."""
    part_columns = ", ".join(_PART_COLUMNS)
    with duckdb.connect() as connection:
        started = time.perf_counter()
        connection.execute(_MEMBERS.format(path=path, part_columns=part_columns))
        counts = connection.execute(_COUNTS.format(part_columns=part_columns)).fetchone()
        return {"seconds": time.perf_counter() - started, "counts": list(counts or ())}


def in_polars(path: str) -> dict[str, Any]:
    """By a list per customer, a Python function and an as-of join."""
    import polars as pl

    started = time.perf_counter()
    is_opener = (pl.col("actor") == "customer") & (pl.col("kind") == "message")
    participant = (
        pl.scan_parquet(path)
        .filter(pl.col("bot_id").is_not_null() & pl.col("actor").is_in(["customer", "bot"]))
        .select("event_id", "customer_id", *_PART_COLUMNS, at_us=pl.col("occurred_at").dt.epoch("us"), opens=is_opener)
        .sort("at_us")
        .collect()
    )
    opened = participant.filter("opens").group_by("customer_id").agg("at_us")
    sessions = (
        opened.with_columns(
            began_us=pl.col("at_us").map_elements(
                lambda at: sessions_opened(at.to_list()), return_dtype=pl.List(pl.Int64)
            )
        )
        .select("customer_id", "began_us")
        .explode("began_us")
        .sort("began_us")
    )
    joined = participant.join_asof(
        sessions, left_on="at_us", right_on="began_us", by="customer_id", check_sortedness=False
    )
    member = joined.filter(pl.col("at_us") < pl.col("began_us") + _DAY_US)
    parts = member.group_by("customer_id", "began_us", *_PART_COLUMNS).len()
    counts = [len(sessions), len(member), len(parts)]
    return {"seconds": time.perf_counter() - started, "counts": counts}


def in_pandas(path: str) -> dict[str, Any]:
    """By groups of customers, a Python function and an as-of join."""
    import pandas as pd

    started = time.perf_counter()
    columns = ["event_id", "customer_id", "occurred_at", "actor", "kind", *_PART_COLUMNS]
    events = pd.read_parquet(path, columns=columns)
    events = events[events["bot_id"].notna() & events["actor"].isin(["customer", "bot"])]
    events["at_us"] = events["occurred_at"].dt.as_unit("us").astype("int64")
    events = events.sort_values("at_us")
    openers = events[(events["actor"] == "customer") & (events["kind"] == "message")]
    began = openers.groupby("customer_id")["at_us"].agg(lambda at: sessions_opened(at.tolist()))
    sessions = began.explode().astype("int64").rename("began_us").reset_index().sort_values("began_us")
    joined = pd.merge_asof(events, sessions, left_on="at_us", right_on="began_us", by="customer_id")
    member = joined[joined["at_us"] < joined["began_us"] + _DAY_US]
    parts = member.groupby(["customer_id", "began_us", *_PART_COLUMNS]).size()
    counts = [len(sessions), len(member), len(parts)]
    return {"seconds": time.perf_counter() - started, "counts": counts}


def sessions_opened(times_us: Iterable[int]) -> list[int]:
    """Starts of the sessions opened by a customer's ascending message times."""
    began, ends_us = [], -(2**62)
    for at_us in times_us:
        if at_us >= ends_us:
            began.append(at_us)
            ends_us = at_us + _DAY_US
    return began
