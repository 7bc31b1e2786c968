"""The count of sessions under the default policy, as one would write it in other engines.

The rule looks back: whether an event opens a session depends on where the last one began. SQL says
it as a fold over a list; Polars and pandas have no fold over a group, so a Python function decides.
"""

import time
from collections.abc import Iterable
from typing import Any

import duckdb

# The messages that can open a session, and only those: the count needs no other event.
_OPENERS = "actor = 'customer' AND kind = 'message' AND bot_id IS NOT NULL"
_DAY_US = 86_400_000_000

_FOLD = """
SELECT sum(list_reduce(messages, lambda a, x:
    CASE WHEN x.sent_at < a.sent_at + 86400000000 THEN a ELSE {{sent_at: x.sent_at, place: a.place + 1}} END
).place)::BIGINT
FROM (
    SELECT list({{sent_at: epoch_us(occurred_at), place: 1::BIGINT}} ORDER BY occurred_at) AS messages
    FROM '{path}'
    WHERE {openers}
    GROUP BY customer_id
)
"""


def in_duckdb(path: str) -> dict[str, Any]:
    """The count by a list for each customer and a fold over it."""
    with duckdb.connect() as connection:
        started = time.perf_counter()
        found = connection.execute(_FOLD.format(path=path, openers=_OPENERS)).fetchone()
        return {"seconds": time.perf_counter() - started, "session_count": found[0] if found else 0}


def in_polars(path: str) -> dict[str, Any]:
    """The count by a list for each customer and a Python function over it."""
    import polars as pl

    started = time.perf_counter()
    openers = pl.scan_parquet(path).filter(
        (pl.col("actor") == "customer") & (pl.col("kind") == "message") & pl.col("bot_id").is_not_null()
    )
    times = openers.select("customer_id", at=pl.col("occurred_at").dt.epoch("us"))
    times = times.group_by("customer_id").agg(pl.col("at").sort())
    counts = times.collect()["at"].map_elements(lambda at: sessions_opened(at.to_list()), return_dtype=pl.Int64)
    return {"seconds": time.perf_counter() - started, "session_count": int(counts.sum())}


def in_pandas(path: str) -> dict[str, Any]:
    """The count by groups of customers and a Python function over each."""
    import pandas as pd

    started = time.perf_counter()
    columns = ["customer_id", "occurred_at", "actor", "kind", "bot_id"]
    events = pd.read_parquet(path, columns=columns)
    openers = events[(events["actor"] == "customer") & (events["kind"] == "message") & events["bot_id"].notna()]
    at = openers["occurred_at"].dt.as_unit("us").astype("int64")
    counts = at.sort_values().groupby(openers["customer_id"]).agg(lambda times: sessions_opened(times.tolist()))
    return {"seconds": time.perf_counter() - started, "session_count": int(counts.sum())}


def sessions_opened(times_us: Iterable[int]) -> int:
    """How many sessions the ascending `times_us` of one customer's messages open."""
    count, ends_us = 0, -(2**62)
    for at_us in times_us:
        if at_us >= ends_us:
            count, ends_us = count + 1, at_us + _DAY_US
    return count
