"""Events into the ledger: the account's own rules, once and only once, and quarantine for the rest.

An event is known by (source, event_id), whatever the age of the first copy: it is found again by a
64-bit key, a column of integers that is read whole in milliseconds, and then compared in full.
"""

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import DAY_US, text_from_us
from botmeter.domain.period import day_start_us
from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt, Rejection
from botmeter.ledger.arrivals import Arrivals
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.portions import Portions
from botmeter.ledger.read_ahead import read_ahead
from botmeter.ledger.rows import rows_given, table_given, write_given
from botmeter.ledger.submission import Submission
from botmeter.ledger.tables import NEVER, sql
from botmeter.metering.schema import EventBatch

Mask = npt.NDArray[np.bool_]

# Clocks of senders run ahead; a whole day ahead is a mistake.
FUTURE_MAX_US = DAY_US


class _Fate(NamedTuple):
    """What became of a batch: the accepted events, counts, and the rejections with the conflicts among them."""

    accepted: pa.Table
    duplicates: int
    conflicts: int
    refused: list[Rejection]


def taken_in(ledger: Ledger, submission: Submission, *, stamp: tuple[int, int], arrivals: Arrivals) -> Receipt:
    """The receipt of a submission whose events are now in the ledger, not yet metered or committed.

    Args:
        ledger: In a transaction.
        submission: The events.
        stamp: The number of this submission, and the present instant in µs UTC.
        arrivals: Where to note what is accepted.
    """
    append_no, now_us = stamp
    accepted = duplicates = conflicts = rejected = 0
    shown: list[Rejection] = []
    values = {"source": submission.source, "append_no": append_no}
    inbox = Portions(ledger, "keep_events", values=values)
    for batch in read_ahead(submission.batches):
        fate = _batch_taken_in(ledger, batch, source=submission.source, to=(inbox, now_us))
        refused = [*batch.rejections, *fate.refused]
        _quarantine(ledger, refused, source=submission.source, stamp=stamp)
        if len(fate.accepted):
            arrivals.note(fate.accepted)
        accepted, duplicates = accepted + len(fate.accepted), duplicates + fate.duplicates
        conflicts, rejected = conflicts + fate.conflicts, rejected + len(refused) - fate.conflicts
        shown += refused[: REJECTIONS_SHOWN_MAX - len(shown)]
    inbox.empty()
    ledger.connection.execute(
        "INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [append_no, now_us, submission.source, submission.label, accepted, duplicates, conflicts, rejected],
    )
    return Receipt(
        accepted=accepted, duplicates=duplicates, conflicts=conflicts, rejected=rejected, rejections=tuple(shown)
    )


def _batch_taken_in(ledger: Ledger, batch: EventBatch, *, source: str, to: tuple[Portions, int]) -> _Fate:
    inbox, now_us = to
    refused = _out_of_time(ledger, batch, now_us=now_us)
    arrived = _arrived(ledger, batch)
    if refused:
        outside = np.isin(batch.positions.to_numpy(), [rejection.index for rejection in refused])
        arrived = arrived.filter(pa.array(~outside))
    if len(arrived) == 0:
        return _Fate(arrived, 0, 0, refused)
    keys = _keys(ledger, arrived, source=source)
    arrived = arrived.append_column("event_key", pa.array(keys))
    suspects = ledger.known_keys().suspects(keys)
    if suspects.any():
        inbox.empty()
    rows, same = _known(ledger, arrived.filter(pa.array(suspects)), source=source)
    if len(rows):
        fresh = ~np.isin(arrived["row"].to_numpy(), rows)
        arrived, keys = arrived.filter(pa.array(fresh)), keys[fresh]
    if len(arrived):
        inbox.add(arrived)
        ledger.known_keys().add(keys)
    conflicts = [_conflict(batch, row, source=source) for row in rows[~same].tolist()]
    return _Fate(arrived, int(same.sum()), len(conflicts), [*refused, *conflicts])


def _arrived(ledger: Ledger, batch: EventBatch) -> pa.Table:
    """The batch with its rows numbered and its touchpoints as numbers, as the statements read it."""
    events = batch.events
    touchpoints = ledger.touchpoints.numbers(events)
    ledger.keep_numbers()
    numbered = events.drop_columns(["bot_id", "bot_version", "channel"]).append_column(
        "touchpoint", pa.array(touchpoints)
    )
    return numbered.append_column("row", pa.array(np.arange(len(events))))


def _keys(ledger: Ledger, arrived: pa.Table, *, source: str) -> npt.NDArray[np.uint64]:
    ids, values = arrived.select(["event_id"]), {"source": source}
    return table_given(ledger.connection, sql("event_keys"), given=ids, values=values)["event_key"].to_numpy()


def _known(ledger: Ledger, suspects: pa.Table, *, source: str) -> tuple[npt.NDArray[np.int64], Mask]:
    """The rows of the suspects that are not new, ascending, and whether nothing in them is."""
    if len(suspects) == 0:
        return np.empty(0, np.int64), np.empty(0, np.bool_)
    different = pc.count_distinct(suspects["event_key"]).as_py()
    verdict: dict[int, bool] = {}
    if different < len(suspects):
        verdict.update(rows_given(ledger.connection, sql("repeated"), given=suspects))
    # What the ledger has stands before what stands earlier in the batch.
    values = {"source": source, "places": _places(ledger, suspects, wanted=different)}
    verdict.update(rows_given(ledger.connection, sql("known"), given=suspects, values=values))
    rows = np.array(sorted(verdict), np.int64)
    return rows, np.array([verdict[row] for row in rows.tolist()], np.bool_)


def _places(ledger: Ledger, suspects: pa.Table, *, wanted: int) -> list[int]:
    """Where in the table `event` the keys of the suspects stand.

    A copy occurred when the first one did, so the ledger is looked through at the time of the
    suspects first, and as a whole only where that does not find each of the `wanted` keys.
    """
    keys = suspects.select(["event_key"])
    bounds = pc.min_max(suspects["occurred_at"]).as_py()
    near, whole = {"first": bounds["min"], "last": bounds["max"]}, {"first": -NEVER, "last": NEVER}
    places = rows_given(ledger.connection, sql("known_places"), given=keys, values=near)
    if len(places) < wanted:
        places = rows_given(ledger.connection, sql("known_places"), given=keys, values=whole)
    return [place for (place,) in places]


def _out_of_time(ledger: Ledger, batch: EventBatch, *, now_us: int) -> list[Rejection]:
    """Rejections of the events before the account's data start or more than a day ahead of the clock."""
    available_from = ledger.account.available_from
    occurred_at = batch.events["occurred_at"].to_numpy()
    early = occurred_at < day_start_us(available_from)
    late = occurred_at > now_us + FUTURE_MAX_US
    found = []
    for row in np.flatnonzero(early | late).tolist():
        at = text_from_us(int(occurred_at[row]))
        if early[row]:
            code, detail = (
                "before_available_from",
                f"It occurred at {at}; the account's data start on {available_from}.",
            )
        else:
            code, detail = (
                "in_the_future",
                f"It occurred at {at}, more than a day ahead of the clock, {text_from_us(now_us)}.",
            )
        found.append(_rejection(batch, row, code=code, detail=detail))
    return found


def _conflict(batch: EventBatch, row: int, *, source: str) -> Rejection:
    event_id = batch.events["event_id"][row].as_py()
    detail = f"Event {event_id} of source {source} was sent before with another content; the first one stands."
    return _rejection(batch, row, code="conflict", detail=detail)


def _rejection(batch: EventBatch, row: int, *, code: str, detail: str) -> Rejection:
    return Rejection(
        index=batch.positions[row].as_py(),
        event_id=batch.events["event_id"][row].as_py(),
        code=code,
        detail=detail,
        raw=event_as_json(batch.events, row),
    )


def event_as_json(events: pa.Table, row: int) -> bytes:
    """One event of an `EVENTS_SCHEMA` table as the JSON object that it could have been sent as."""
    fields = {name: events[name][row].as_py() for name in events.column_names}
    fields["occurred_at"] = text_from_us(fields["occurred_at"])
    fields["actor"] = Actor(fields["actor"]).name.lower()
    fields["kind"] = Kind(fields["kind"]).name.lower()
    if fields["attributes"] is not None:
        fields["attributes"] = msgspec.Raw(fields["attributes"].encode())
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def _quarantine(ledger: Ledger, refused: list[Rejection], *, source: str, stamp: tuple[int, int]) -> None:
    if not refused:
        return
    append_no, now_us = stamp
    table = pa.table(
        {
            "position": pa.array([rejection.index for rejection in refused], pa.int64()),
            "event_id": pa.array([rejection.event_id for rejection in refused], pa.string()),
            "code": pa.array([rejection.code for rejection in refused], pa.string()),
            "detail": pa.array([rejection.detail for rejection in refused], pa.string()),
            "raw": pa.array([rejection.raw for rejection in refused], pa.binary()),
        }
    )
    values = {"source": source, "append_no": append_no, "now": now_us}
    write_given(ledger.connection, sql("keep_refused"), given=table, values=values)
