"""Merges of customers and undoing of imports of an account, wherever its events are.

In a lake they wait in its record for the next run, which applies them before it reads files.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from botmeter.domain.reason import checked_reason
from botmeter.lake.root import LakeRoot
from botmeter.lake.serving import follow
from botmeter.ledger import customers, import_undo
from botmeter.ledger.customers import CustomerChange, SameCustomer
from botmeter.ledger.import_undo import UndoneImport

if TYPE_CHECKING:
    from botmeter.lake.record import Instruction, LakeRecord
    from botmeter.ledger.lake_account import ServedRecord
    from botmeter.ledger.ledger import Ledger


def merge_customers(
    ledger: "Ledger", pairs: Sequence[SameCustomer], *, now_us: int, by: str | None = None
) -> CustomerChange:
    """Merge as `ledger.customers.merge_customers`; in a lake the change waits.

    Raises:
        Conflict: `lake_run_superseded`.
    """
    if ledger.lake is None:
        return customers.merge_customers(ledger, pairs, now_us=now_us, by=by)
    from botmeter.lake.record import Instruction

    record = _newest(ledger, ledger.lake, now_us=now_us)
    added = customers.new_pairs(pairs, _aliases(ledger, record))
    if not added:
        return CustomerChange(number=None, pairs=())
    instruction = Instruction(
        kind="merge", number=_next_change_no(ledger, record), at_us=now_us, by=by, pairs=_as_pairs(added)
    )
    _instruct(ledger, ledger.lake, record=record, instruction=instruction)
    return CustomerChange(number=instruction.number, pairs=added, waits=True)


def merge_preview(ledger: "Ledger", pairs: Sequence[SameCustomer], *, now_us: int) -> CustomerChange:
    """As `merge_customers`, without the merge."""
    if ledger.lake is None:
        return customers.merge_preview(ledger, pairs, now_us=now_us)
    record = _newest(ledger, ledger.lake, now_us=now_us)
    added = customers.new_pairs(pairs, _aliases(ledger, record))
    return CustomerChange(number=_next_change_no(ledger, record) if added else None, pairs=added, waits=True)


def unmerge_customers(
    ledger: "Ledger", aliases: Sequence[str], *, now_us: int, by: str | None = None
) -> CustomerChange:
    """Undo aliases as `ledger.customers.unmerge_customers`; in a lake the change waits."""
    if ledger.lake is None:
        return customers.unmerge_customers(ledger, aliases, now_us=now_us, by=by)
    from botmeter.lake.record import Instruction

    record = _newest(ledger, ledger.lake, now_us=now_us)
    undone = customers.pairs_in_force(aliases, _aliases(ledger, record), account=ledger.account.name)
    instruction = Instruction(
        kind="unmerge", number=_next_change_no(ledger, record), at_us=now_us, by=by, pairs=_as_pairs(undone)
    )
    _instruct(ledger, ledger.lake, record=record, instruction=instruction)
    return CustomerChange(number=instruction.number, pairs=undone, waits=True)


def undo_import(ledger: "Ledger", number: int, *, reason: str, now_us: int, by: str | None = None) -> UndoneImport:
    """Undo an import as `ledger.import_undo.undo_import`; in a lake it waits."""
    if ledger.lake is None:
        return import_undo.undo_import(ledger, number, reason=reason, now_us=now_us, by=by)
    from botmeter.lake.record import Instruction

    checked = checked_reason(reason)
    record = _newest(ledger, ledger.lake, now_us=now_us)
    undone = _waiting_undo(ledger, number)
    if any(each.kind == "undo" and each.number == number for each in record.waiting):
        return undone
    instruction = Instruction(
        kind="undo", number=number, at_us=now_us, by=by, append_no=undone.record.append_no, reason=checked
    )
    _instruct(ledger, ledger.lake, record=record, instruction=instruction)
    return undone


def undo_preview(ledger: "Ledger", number: int, *, now_us: int) -> UndoneImport:
    """As `undo_import`, and nothing changes."""
    if ledger.lake is None:
        return import_undo.undo_preview(ledger, number, now_us=now_us)
    _newest(ledger, ledger.lake, now_us=now_us)
    return _waiting_undo(ledger, number)


def _waiting_undo(ledger: "Ledger", number: int) -> UndoneImport:
    record = import_undo.import_in_force(ledger, number)
    event_count, discarded_count = import_undo.counts_to_undo(ledger, record)
    return UndoneImport(
        record=record,
        event_count=event_count,
        discarded_count=discarded_count,
        sessions=None,
        later_repeats=import_undo.later_repeats(ledger, record),
        waits=True,
    )


def _newest(ledger: "Ledger", lake: "ServedRecord", *, now_us: int) -> "LakeRecord":
    from botmeter.lake.record import newest_record

    follow(ledger, now_us=now_us)
    return newest_record(LakeRoot.at(lake.uri))


def _instruct(ledger: "Ledger", lake: "ServedRecord", *, record: "LakeRecord", instruction: "Instruction") -> None:
    from botmeter.lake.record import commit_record

    waiting = [*record.waiting, instruction]
    number, at_us = record.number + 1, instruction.at_us
    instructed = replace(
        record, number=number, kind="instruct", recorded_at=at_us, waiting=waiting, files=[], counts={}
    )
    commit_record(LakeRoot.at(lake.uri), instructed)
    follow(ledger, now_us=at_us)


def _aliases(ledger: "Ledger", record: "LakeRecord") -> dict[str, str]:
    """Customer named for each alias, after the instructions that wait."""
    in_force = customers.aliases_in_force(ledger)
    for each in record.waiting:
        for alias, customer_id in each.pairs:
            if each.kind == "merge":
                in_force[alias] = customer_id
            else:
                in_force.pop(alias, None)
    return in_force


def _next_change_no(ledger: "Ledger", record: "LakeRecord") -> int:
    return customers.next_change_no(ledger) + sum(each.kind != "undo" for each in record.waiting)


def _as_pairs(pairs: Sequence[SameCustomer]) -> list[tuple[str, str]]:
    return [(pair.alias, pair.customer_id) for pair in pairs]
