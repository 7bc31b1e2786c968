"""Sessions as billed: in rating order, with the corrections that apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from botmeter.domain.event import KIND_RANK
from botmeter.domain.instant import INSTANT_FIRST_US
from botmeter.domain.period import Period
from botmeter.ledger.billing.corrections import StoredCorrection, corrections_in
from botmeter.ledger.partitions import SharedKey
from botmeter.ledger.plan_sessions import policies_metered_apart
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Policy
from botmeter.reports.counts import Ints, integers
from botmeter.reports.grid import grid_of, utc_parts
from botmeter.reports.matching import session_steps
from botmeter.reports.snapshot import Parameters, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Sessions under some policies: as a source in SQL, their table, and the policies as it names them."""

    sessions: str
    table: str
    policies: Mapping[int, Policy] | Mapping[str, Policy]


CHARGED, VOID, TEST = 0, 1, 2
"""Values of `charge`."""


def billed_sessions(ledger: "ReadableLedger", start_us: int, *, end_us: int, policy: str | None = None) -> pa.Table:
    """Sessions that start in [start_us, end_us), µs UTC.

    Args:
        policy: Label of a plan's policy; None: the account's own.

    Returns:
        One row per session, by `started_at` and `opening_key`, which is the same after its customer is erased:
        opening_key uint64, started_at and ended_at int64 (µs UTC), session_id string, opening_touchpoint int32 (its
        number in the ledger), bot_id, bot_version and channel dictionaries of strings, preview bool, charge uint8.
        Bot and channel are those of the opening event.
    """
    rows, touchpoints = _billed(ledger, "billed_sessions", start_us=start_us, end_us=end_us, policy=policy)
    numbers = rows["opening_touchpoint"].to_numpy()
    texts: dict[str, list[str | None]] = {
        "bot_id": [each.bot_id for each in touchpoints],
        "bot_version": [each.bot_version for each in touchpoints],
        "channel": [each.channel for each in touchpoints],
    }
    at = 1 + rows.schema.get_field_index("opening_touchpoint")
    for name, of_touchpoint in reversed(texts.items()):
        rows = rows.add_column(at, name, _dictionary(of_touchpoint, numbers))
    return rows


def billed_starts(ledger: "ReadableLedger", start_us: int, *, end_us: int, policy: str | None = None) -> pa.Table:
    """Columns `started_at`, `preview` and `charge` of `billed_sessions`, by `started_at`: a fifth of its time."""
    return _billed(ledger, "billed_starts", start_us=start_us, end_us=end_us, policy=policy)[0]


def _billed(
    ledger: "ReadableLedger", statement: str, *, start_us: int, end_us: int, policy: str | None
) -> "tuple[pa.Table, list[Touchpoint]]":
    with ledger.read_transaction() as connection:
        touchpoints = ledger.touchpoints.all()
        snapshot = Snapshot(connection=connection, touchpoints=touchpoints, footprints=[])
        counted = _counted_under(snapshot, ledger, policy=policy)
        if any(each.started_at >= start_us for each in corrections_in(connection)):
            _find_corrected(snapshot, counted, start_us=start_us)
        else:
            snapshot.run(sql("none_corrected"), {})
        values = {"start_us": start_us, "end_us": end_us, "policy": policy}
        return snapshot.table(sql(statement, sessions=counted.sessions), values), touchpoints


def corrections_without_session(ledger: "ReadableLedger") -> list[StoredCorrection]:
    """Corrections in force whose event is in no session any more, under any policy, in order of recording."""
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=ledger.touchpoints.all(), footprints=[])
        left = corrections_in(connection)
        for policy in [None, *(each.label for each in policies_metered_apart(connection, ledger.schedule))]:
            if not left:
                return []
            _find_corrected(snapshot, _counted_under(snapshot, ledger, policy=policy), start_us=INSTANT_FIRST_US)
            numbers = {number for (number,) in snapshot.rows(sql("without_session"), {})}
            left = [each for each in left if each.number in numbers]
    return left


def session_count(ledger: "ReadableLedger", start_us: int, *, end_us: int) -> int:
    """Count the sessions that start in [start_us, end_us)."""
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=[], footprints=[])
        return int(snapshot.rows(sql("session_count"), utc_parts(start_us, end_us).parameters)[0][0])


def sessions_by_day(ledger: "ReadableLedger", period: Period) -> list[int]:
    """Count the sessions that start on each day."""
    grid = grid_of(period)
    bounds = {"start_us": period.start_us, "end_us": period.end_us, "footprints": None, "preview": None}
    with ledger.read_transaction() as connection:
        snapshot = Snapshot(connection=connection, touchpoints=[], footprints=[])
        rows = grid.with_days(session_steps(snapshot, {**bounds, **grid.parameters}))
    return grid.counts(integers(rows, "day"), integers(rows, "session_count"))


def _counted_under(snapshot: Snapshot, ledger: "ReadableLedger", *, policy: str | None) -> _Counted:
    apart = {each.label: each for each in policies_metered_apart(snapshot.connection, ledger.schedule)}
    if policy in apart:
        return _Counted(sessions=f"({sql('plan_sessions')})", table="plan_session", policies={policy: apart[policy]})
    # The last one first, as its sessions are the last ones.
    own = {number: term.policy for number, term in reversed(list(enumerate(ledger.schedule)))}
    return _Counted(sessions="session", table="session", policies=own)


def _find_corrected(snapshot: Snapshot, counted: _Counted, *, start_us: int) -> None:
    values: Parameters = {"start_us": start_us, "policy": next(iter(counted.policies))}
    snapshot.run(sql("corrected_events"), values)
    snapshot.run(sql("corrected", sessions=counted.sessions), values)
    for name, policy in counted.policies.items():
        if not snapshot.rows(sql("without_session"), {}):
            return
        key = SharedKey.of([policy]).fragments
        counts = [number for number, each in enumerate(snapshot.touchpoints) if _is_counted(policy, each)]
        statement = sql("insert_corrected", keyed=key[counted.table], key=key["key"])
        snapshot.run(statement, {**values, "policy": name, "touchpoints": counts, "kind_ranks": list(KIND_RANK)})


def _is_counted(policy: Policy, touchpoint: "Touchpoint") -> bool:
    match = policy.match
    return (
        (not match.bot or touchpoint.bot_id in match.bot)
        and (not match.bot_version or touchpoint.bot_version in match.bot_version)
        and (not match.channel or touchpoint.channel in match.channel)
    )


def _dictionary(of_touchpoint: "Sequence[str | None]", numbers: Ints) -> pa.DictionaryArray:
    texts = sorted({text for text in of_touchpoint if text is not None})
    codes = np.array([-1 if text is None else texts.index(text) for text in of_touchpoint], np.int32)[numbers]
    indices = pa.array(codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
