"""Imports of several files, one after the other: the tables of one file, at the cost of each file's own events."""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from random import Random
from typing import Any

import pytest
from tests.support.facts import event
from tests.support.ledgers import NOW_US, append_events, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.instant import DAY_US
from botmeter.ledger import partitions, remeter
from botmeter.ledger.ledger import Ledger
from botmeter.metering import meter

Event = dict[str, Any]

pytestmark = pytest.mark.slow

FILES = 8
FILE_EVENTS, DAY_EVENTS, CUSTOMERS = 150, 36, 30
SLICE_EVENTS = 100


def events() -> Iterator[Event]:
    """Events of some 33 days, of any customer; a session of a day crosses the end of a file for most of them."""
    random = Random(7)
    for number in range(FILE_EVENTS * FILES):
        customer = random.randrange(CUSTOMERS)
        yield event(
            f"e{number}",
            NOW_US - 40 * DAY_US + number * DAY_US // DAY_EVENTS,
            customer_id=f"c{customer}",
            conversation_id=f"v{customer}-{number // 250}",
            actor=random.choice(["customer", "bot"]),
            bot_id=random.choice(["b1", "b2"]),
            ticket_id=f"t{number}" if number % 97 == 0 else None,
        )


def files() -> list[list[Event]]:
    everything = list(events())
    return [everything[row : row + FILE_EVENTS] for row in range(0, len(everything), FILE_EVENTS)]


@pytest.fixture
def metered_counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of events that were metered, of large appends alone."""
    counts: list[int] = []
    sessions_from_events = meter.sessions_from_events

    def counted(rows: Any, **given: Any) -> Any:
        counts.append(len(rows))
        return sessions_from_events(rows, **given)

    monkeypatch.setattr(meter, "sessions_from_events", counted)
    # Of fewer events, sessions in memory are extended.
    monkeypatch.setattr(remeter, "EVENTS_MAX", 10)
    for module in (partitions, remeter):
        monkeypatch.setattr(module, "PARTITION_EVENTS_MAX", SLICE_EVENTS)
    return counts


def imported(order: list[list[Event]], counts: list[int]) -> tuple[Ledger, list[int]]:
    """Ledger after an import for each file, and the number of events metered for each."""
    ledger, totals = ledger_in_memory(), [0]
    for each in order:
        append_events(ledger, *each)
        totals.append(sum(counts))
    return ledger, [after - before for before, after in pairwise(totals)]


def test_a_later_file_meters_its_own_events_and_the_sessions_that_it_continues(metered_counts: list[int]) -> None:
    ledger, own = imported(files(), metered_counts)
    assert len(own) == FILES
    # Of each slice, the events of the last day are metered again with the next one.
    assert max(own) <= FILE_EVENTS + 3 * DAY_EVENTS, own
    assert table_meaning(ledger) == table_meaning(imported([list(events())], metered_counts)[0])


def test_files_in_any_order_give_the_tables_of_one_file(metered_counts: list[int]) -> None:
    order = files()
    Random(3).shuffle(order)
    ledger, own = imported(order, metered_counts)
    # No file meters more than all events up to it.
    stored = list(accumulate(map(len, order)))
    assert all(count <= most + 3 * DAY_EVENTS * FILES for count, most in zip(own, stored, strict=True)), own
    assert table_meaning(ledger) == table_meaning(imported([list(events())], metered_counts)[0])
