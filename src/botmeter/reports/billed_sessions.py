"""Sessions as they are billed: in rating order, with the corrections that apply."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import INSTANT_FIRST_US
from botmeter.domain.period import Period
from botmeter.ledger.billing.corrections import StoredCorrection, corrections_in
from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import Ints, integers
from botmeter.reports.grid import grid_of, utc_parts
from botmeter.reports.matching import session_steps
from botmeter.reports.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botmeter.ledger.readable import ReadableLedger

sql = statements_of(__name__)

CHARGED, VOID, TEST = 0, 1, 2
"""Values of `charge`."""


def billed_sessions(ledger: "ReadableLedger", start_us: int, *, end_us: int) -> pa.Table:
    """Sessions that start in [start_us, end_us), µs UTC.

    Returns:
        One row per session, by `started_at` and `opening_key`, which is the same after its customer is erased:
        opening_key uint64, started_at and ended_at int64 (µs UTC), session_id string, bot_id, bot_version and channel
        dictionaries of strings, preview bool, charge uint8. Bot and channel are those of the opening event.
    """
    with ledger.read_transaction() as connection:
        touchpoints = ledger.touchpoints.all()
        snapshot = Snapshot(connection=connection, touchpoints=touchpoints, footprints=[])
        _find_corrected(snapshot, ledger, start_us=start_us)
        rows = snapshot.table(sql("billed_sessions"), {"start_us": start_us, "end_us": end_us})
    numbers = rows["opening_touchpoint"].to_numpy()
    texts: dict[str, list[str | None]] = {
        "bot_id": [each.bot_id for each in touchpoints],
        "bot_version": [each.bot_version for each in touchpoints],
        "channel": [each.channel for each in touchpoints],
    }
    at = rows.schema.get_field_index("opening_touchpoint")
    rows = rows.remove_column(at)
    for name, of_touchpoint in reversed(texts.items()):
        rows = rows.add_column(at, name, _dictionary(of_touchpoint, numbers))
    return rows


def corrections_without_session(ledger: "ReadableLedger") -> list[StoredCorrection]:
    """Return corrections in force whose event is in no session any more, in the order of recording."""
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=[], footprints=[])
        _find_corrected(snapshot, ledger, start_us=INSTANT_FIRST_US)
        numbers = {number for (number,) in snapshot.rows(sql("without_session"), {})}
        return [each for each in corrections_in(connection) if each.number in numbers]


def session_count(ledger: "ReadableLedger", start_us: int, *, end_us: int) -> int:
    """Count the sessions that start in [start_us, end_us), µs UTC."""
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=[], footprints=[])
        return int(snapshot.rows(sql("session_count"), utc_parts(start_us, end_us).parameters)[0][0])


def sessions_by_day(ledger: "ReadableLedger", period: Period) -> list[int]:
    """Count the sessions that start on each day of a period."""
    grid = grid_of(period)
    bounds = {"start_us": period.start_us, "end_us": period.end_us, "footprints": None, "preview": None}
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=[], footprints=[])
        rows = grid.with_days(session_steps(snapshot, {**bounds, **grid.parameters}))
    return grid.counts(integers(rows, "day"), integers(rows, "session_count"))


def cumulative_sessions(ledger: "ReadableLedger", period: Period) -> list[int]:
    """Count the sessions that start from a period's first day until the end of each day."""
    counts: list[int] = np.cumsum(sessions_by_day(ledger, period), dtype=np.int64).tolist()
    return counts


def _find_corrected(snapshot: Snapshot, ledger: "ReadableLedger", *, start_us: int) -> None:
    if not any(each.started_at >= start_us for each in corrections_in(snapshot.connection)):
        snapshot.run(sql("none_corrected"), {})
        return
    by_customer = [position for position, term in enumerate(ledger.schedule) if "customer" in term.policy.scope]
    snapshot.run(sql("corrected"), {"start_us": start_us, "customer_policies": by_customer})


def _dictionary(of_touchpoint: "Sequence[str | None]", numbers: Ints) -> pa.DictionaryArray:
    texts = sorted({text for text in of_touchpoint if text is not None})
    codes = np.array([-1 if text is None else texts.index(text) for text in of_touchpoint], np.int32)[numbers]
    indices = pa.array(codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
