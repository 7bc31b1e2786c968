"""Laws of imports that are undone or tried, for any events, policies and order of imports."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import dense_event_lists, event_lists, schedules
from tests.support.ledgers import NOW_US, Schedule, batch, event, ledger_in_memory
from tests.support.live_batches import append_live, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.ledger.append import Submission, append
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.import_preview import import_preview
from botmeter.ledger.import_undo import undo_import, undo_preview
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restated_days
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from support.examples import examples

# An example takes seconds; tests/unit/ledger/test_import_undo.py has the table of cases.
pytestmark = pytest.mark.slow

Event = dict[str, Any]
FEW = examples(cost=30, shrinks=False)
# So many that an import of a few is metered by itself.
OTHERS = [event(f"o{number}", "2026-01-01T08:00", source="o", customer_id=f"o{number}") for number in range(150)]


def enriched(events: list[Event]) -> list[Event]:
    """The events with tickets and bot names that follow from their ids."""
    for each in events:
        number = sum(map(ord, each["event_id"] + each["source"]))
        each["ticket_id"] = f"t{number % 3}" if number % 4 == 0 else None
        each["ticket_type"] = ("refund", None)[number % 2] if number % 4 == 0 else None
        each["bot_name"] = f"Bot {number % 2}" if each["bot_id"] is not None and number % 3 == 0 else None
    return events


def import_of(events: list[Event], name: str) -> list[Submission]:
    sources = sorted({each["source"] for each in events})
    return [
        Submission(
            source=source,
            batches=[batch([each for each in events if each["source"] == source])],
            label=name,
            file=ImportedFile(name=name),
        )
        for source in sources
    ]


def parts_of(events: list[Event], draw: st.DrawFn) -> tuple[list[Event], list[Event], list[Event]]:
    """The events in three parts without common ids."""
    distinct = list({(each["source"], each["event_id"]): each for each in events}.values())
    sides = [draw(st.integers(0, 2)) for _ in distinct]
    first, second, third = ([each for each, side in zip(distinct, sides, strict=True) if side == n] for n in range(3))
    return first, second, third


def ledger_of(schedule: Schedule, *, is_large: bool) -> Ledger:
    ledger = ledger_in_memory(schedule)
    if is_large:
        append(ledger, import_of(OTHERS, "others"), now_us=NOW_US)
    return ledger


def check_undo(schedule: Schedule, events: list[Event], *, data: st.DataObject, is_large: bool) -> None:
    undone, before, after = parts_of(enriched(events), data.draw)
    both, alone = ledger_of(schedule, is_large=is_large), ledger_of(schedule, is_large=is_large)
    first_number = 2 if is_large else 1
    for part, ledgers in ((before, [both, alone]), (undone, [both]), (after, [both, alone])):
        for ledger in ledgers:
            append(ledger, import_of(part, "part"), now_us=NOW_US)
            if part is before:
                merge_customers(ledger, [SameCustomer(customer_id="c1", alias="c2")], now_us=NOW_US)
    first_number += len(import_of(before, ""))
    for number in range(first_number, first_number + len(import_of(undone, ""))):
        tried = undo_preview(both, number, now_us=NOW_US)
        done = undo_import(both, number, reason="a test", now_us=NOW_US)
        assert (tried.event_count, tried.sessions) == (done.event_count, done.sessions)
    assert table_meaning(both) == table_meaning(alone)
    verification = verify(both)
    assert verification.is_clean, verification.differences


@FEW
@given(events=event_lists(), data=st.data())
def test_what_remains_after_an_undo_is_what_the_other_imports_alone_give(
    events: list[Event], data: st.DataObject
) -> None:
    check_undo([(FRESHCHAT, ALWAYS_US)], events, data=data, is_large=False)


@FEW
@given(events=dense_event_lists(), data=st.data())
def test_it_is_so_if_only_the_touched_sessions_are_metered(events: list[Event], data: st.DataObject) -> None:
    check_undo([(FRESHCHAT, ALWAYS_US)], events, data=data, is_large=True)


@pytest.mark.parametrize("is_large", [False, True])
@FEW
@given(schedule=schedules(), events=dense_event_lists(), data=st.data())
def test_it_is_so_under_any_policies(
    is_large: bool, schedule: Schedule, events: list[Event], data: st.DataObject
) -> None:
    check_undo(schedule, events, data=data, is_large=is_large)


@FEW
@given(events=event_lists(), data=st.data())
def test_a_dry_run_says_what_the_import_does(events: list[Event], data: st.DataObject) -> None:
    before, imported, live = parts_of(enriched(events), data.draw)
    ledger = ledger_in_memory(FRESHCHAT)
    append(ledger, import_of(before, "before"), now_us=NOW_US)
    for each in live:
        append_live(ledger, live_batch([each]))
    settle(ledger, now_us=NOW_US)
    known = table_meaning(ledger)
    tried = import_preview(ledger, import_of([*imported, *before[:2]], "tried"), now_us=NOW_US)
    assert table_meaning(ledger) == known
    sessions, restated = len(table_meaning(ledger)["session"]), len(restated_days(ledger))
    receipts = append(ledger, import_of([*imported, *before[:2]], "tried"), now_us=NOW_US)
    assert list(tried.receipts) == receipts
    assert tried.sessions.difference == len(table_meaning(ledger)["session"]) - sessions
    assert tried.sessions.restated_day_count == len(restated_days(ledger)) - restated
