"""Spans of conversations stay few, and what they add up to stays the same."""

from collections import Counter
from contextlib import closing, nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import dense_event_lists
from tests.support.facts import filled_ledger
from tests.support.ledgers import append_events, event, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.ledger import conversation_spans
from botmeter.ledger.conversation_spans import fold_if_many
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.verify import verify
from support.examples import examples

Event = dict[str, Any]
FEW = examples(cost=30, shrinks=False)


def rows_of(ledger: Ledger) -> Counter[str]:
    """Number of rows of each conversation."""
    query = "SELECT conversation_id, count(*) FROM conversation_span GROUP BY conversation_id"
    return Counter(dict(ledger.connection.execute(query).fetchall()))


def known_count(ledger: Ledger) -> list[tuple[str]]:
    return ledger.connection.execute("SELECT value FROM meta WHERE name = 'conversation_count'").fetchall()


def message(number: int, conversation: int) -> Event:
    return event(f"e{number}", f"2026-03-{1 + number // 24:02}T{number % 24:02}:00", conversation_id=f"v{conversation}")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a handful of events does what thousands do."""
    for name, value in (("TAIL_ROWS", 6), ("STEP_ROWS", 3), ("CONVERSATIONS_MIN", 2)):
        monkeypatch.setattr(conversation_spans, name, value)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_long_conversation_has_few_rows_however_often_it_is_appended_to() -> None:
    ledger = ledger_in_memory()
    for number in range(40):
        append_events(ledger, message(number, conversation=number % 2))
    assert max(rows_of(ledger).values()) <= 3
    assert verify(ledger).is_clean


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_folding_reads_only_the_last_rows() -> None:
    ledger = ledger_in_memory()
    for number in range(3):
        append_events(ledger, message(number, conversation=0))
    ledger.unfolded_span_rows = 0
    append_events(ledger, *(message(number, conversation=number) for number in range(3, 20)))
    for number in range(20, 26):
        append_events(ledger, message(number, conversation=20))
    assert rows_of(ledger)["v0"] == 3
    assert rows_of(ledger)["v20"] < 6
    assert verify(ledger).is_clean


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_ledger_with_many_rows_to_a_conversation_is_folded_as_a_whole_when_it_is_closed() -> None:
    ledger = ledger_in_memory()
    for number in range(15):
        append_events(ledger, message(number, conversation=number % 3))
        ledger.unfolded_span_rows = 0
    before = table_meaning(ledger)
    assert set(rows_of(ledger).values()) == {5}
    fold_if_many(ledger)
    assert rows_of(ledger) == {"v0": 1, "v1": 1, "v2": 1}
    assert known_count(ledger) == [("3",)]
    assert table_meaning(ledger) == before
    assert verify(ledger).is_clean


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_many_conversations_are_not_mistaken_for_many_rows_to_each() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *(message(number, conversation=number) for number in range(5)))
    assert known_count(ledger) == [("5",)]
    for number in range(5, 60):
        append_events(ledger, message(number, conversation=number))
    fold_if_many(ledger)
    assert set(rows_of(ledger).values()) == {1}
    assert 50 <= int(known_count(ledger)[0][0]) <= 70
    fold_if_many(ledger)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
@FEW
@given(st.data(), dense_event_lists())
def test_events_one_by_one_in_any_order_with_folds_between_them_give_what_the_oracle_says(
    data: st.DataObject, events: list[Event]
) -> None:
    ledger = ledger_in_memory()
    for each in data.draw(st.permutations(events[:25])):
        append_events(ledger, each)
        if data.draw(st.booleans()):
            fold_if_many(ledger)
    assert table_meaning(ledger) == table_meaning(filled_ledger(events[:25]))
    assert verify(ledger).is_clean


@pytest.mark.slow
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("is_shared", [False, True], ids=["one process", "many threads"])
def test_a_ledger_is_folded_when_it_is_closed(folder: Folder, acme: str, is_shared: bool) -> None:
    with closing(OpenLedgers(folder)) if is_shared else nullcontext() as shared:
        for number in range(2, 27):
            with shared.writing(acme) if shared else folder.ledger(acme) as ledger:
                append_events(ledger, message(number, conversation=number % 3))
                ledger.unfolded_span_rows = 0
    with folder.reading(acme) as ledger:
        assert max(rows_of(ledger).values()) < 25 // 3
        assert table_meaning(ledger) == table_meaning(
            filled_ledger(message(n, conversation=n % 3) for n in range(2, 27))
        )


def test_a_file_is_closed_even_if_folding_fails(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        ledger.connection.execute("DROP TABLE conversation_span")
    with folder.reading(acme) as ledger:
        assert ledger.account.name == "acme"
