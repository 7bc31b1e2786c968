"""Erasure of a customer of an account in a lake: at once, old records included.

What is erased is chosen by the ledger's statements on the record that it serves, and events are changed by the ledger's
statements, file by file.
"""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Conflict
from botmeter.lake.engine import Engine, Here
from botmeter.lake.root import LakeRoot, storage_refused
from botmeter.lake.serving import follow
from botmeter.ledger.erase import (
    ChosenRows,
    ErasureSummary,
    chosen_tables,
    drop_chosen,
    erase,
    keys_to_erase,
    quarantined_places,
)

if TYPE_CHECKING:
    from botmeter.ledger.erased_ids import ErasedIds
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.unfinished_erasures import Forget


def erase_customer(
    folder: "Folder", name: str, *, customer_id: str, forget: "Forget", now_us: int, engine: Engine | None = None
) -> ErasureSummary:
    """Erase a customer of an account, wherever its events are; raise as `ledger.erase.erase`.

    Raises:
        Conflict: `lake_run_superseded` if a run was recorded meanwhile.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    with folder.ledger(name) as ledger:
        if ledger.lake is not None:
            _finish_changes(LakeRoot.at(ledger.lake.uri), engine=engine or Here(), now_us=now_us)
            follow(ledger, now_us=now_us)
    in_lake = partial(_erase_in_lake, engine=engine or Here(), now_us=now_us)
    return erase(folder, name, customer_id=customer_id, forget=forget, erase_in_lake=in_lake)


def _finish_changes(root: LakeRoot, *, engine: Engine, now_us: int) -> None:
    from botmeter.lake.instructed import apply_waiting
    from botmeter.lake.purge import finish_purge
    from botmeter.lake.record import newest_record

    with storage_refused(root):
        record = finish_purge(root, newest_record(root), engine=engine, now_us=now_us)
        # They can name the customer.
        apply_waiting(root, record, engine=engine, now_us=now_us, note=lambda _: None)


def _erase_in_lake(ledger: "Ledger", chosen: ChosenRows, *, engine: Engine, now_us: int) -> None:
    from botmeter.lake.change_run import LakeChange, change_lake
    from botmeter.lake.changed_causes import with_pseudonyms
    from botmeter.lake.changes import erasure_of
    from botmeter.lake.compact import compact
    from botmeter.lake.purge import purge
    from botmeter.lake.record import newest_record

    if ledger.lake is None:
        return
    root = LakeRoot.at(ledger.lake.uri)
    record = newest_record(root)
    if record.number != ledger.lake.number:
        raise Conflict(
            "lake_run_superseded",
            f"Another run has changed the lake at {root.uri} meanwhile; nothing was erased from it. Run it again.",
        )
    tables = chosen_tables(ledger.connection)
    change = LakeChange(
        kind="erase",
        events=erasure_of(tables, customer=chosen.customer, pseudonym=chosen.erased.pseudonym),
        rows={
            "restatement": partial(with_pseudonyms, tables["erased_event"]),
            "customer_alias": partial(_without_aliases, chosen.erased),
            "quarantine": partial(_without_quarantined, chosen.erased, erased=quarantined_places(ledger, chosen)),
        },
        new_rows={"erased_key": keys_to_erase(ledger, chosen)},
        to_record={"is_purge_due": True},
    )
    with storage_refused(root):
        change_lake(root, record, change=change, engine=engine, now_us=now_us, note=lambda _: None)
        compact(root, engine=engine, now_us=now_us)
        # While the files of the served record are there.
        follow(ledger, now_us=now_us)
        purge(root, now_us=now_us)
    drop_chosen(ledger.connection)
    follow(ledger, now_us=now_us)


def _without_aliases(ids: "ErasedIds", rows: pa.Table) -> pa.Table:
    erased = pa.array(sorted(ids.customers))
    names = pc.or_(pc.is_in(rows["customer_id"], value_set=erased), pc.is_in(rows["same_as"], value_set=erased))
    return rows.filter(pc.invert(names))


def _without_quarantined(ids: "ErasedIds", rows: pa.Table, *, erased: frozenset[tuple[int, int, str]]) -> pa.Table:
    places = zip(*(rows[name].to_pylist() for name in ("append_no", "position", "code")), strict=True)
    kept = rows.filter(pa.array(np.array([place not in erased for place in places], np.bool_)))
    reasons = [None if reason is None else ids.in_text(reason) for reason in kept["discarded_for"].to_pylist()]
    return kept.set_column(
        kept.schema.get_field_index("discarded_for"), "discarded_for", pa.array(reasons, pa.string())
    )
