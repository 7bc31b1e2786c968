"""Each event counts once, in requests of any number and order, dumps and files."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import ledger_in_memory
from tests.support.payloads import RECEIVED_US
from tests.unit.sources import test_botframework as botframework
from tests.unit.sources import test_copilot as copilot
from tests.unit.sources import test_rasa as rasa
from tests.unit.sources import test_whatsapp as whatsapp

from botmeter.domain.instant import DAY_US
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.sources.payloads.payload_batches import batch_from_payloads
from botmeter.sources.payloads.payload_json import json_bytes
from botmeter.sources.platforms.registry import connector_of
from support.examples import examples


def arrived(ledger: Ledger, payloads: list[Any], *, source: Source) -> Receipt:
    """Outcome of payloads appended in one commit."""
    bodies = [payload if isinstance(payload, bytes) else json_bytes(payload) for payload in payloads]
    read = batch_from_payloads(bodies, source=source, connector=connector_of(source.platform))
    submission = Submission(source=source.name, batches=[read.batch], label="requests")
    return append(ledger, [submission], now_us=RECEIVED_US + DAY_US)[0]


def sessions_of(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.connection.sql("SELECT session_id, event_count FROM session ORDER BY session_id").fetchall()


@pytest.mark.slow
def test_posts_of_the_broker_then_the_dump_of_the_same_talk_are_the_talk_once() -> None:
    ledger = ledger_in_memory()
    posts = rasa.forms()["posts"]
    for post in posts:
        arrived(ledger, [post], source=rasa.SOURCE)
    before = sessions_of(ledger)
    receipt = arrived(ledger, rasa.forms()["a tracker"], source=rasa.SOURCE)
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected) == (0, 7, 0, 0)
    assert sessions_of(ledger) == before
    assert len(before) == 1


@pytest.mark.slow
def test_without_a_channel_of_the_source_the_dump_conflicts_and_still_counts_nothing_twice() -> None:
    ledger = ledger_in_memory()
    silent = replace(rasa.SOURCE, channel=None)
    for post in rasa.forms()["posts"]:
        arrived(ledger, [post], source=silent)
    receipt = arrived(ledger, rasa.forms()["a tracker"], source=silent)
    # The bot's messages; Rasa's own events have no channel by either way.
    assert (receipt.accepted, receipt.conflicts) == (0, 3)


@pytest.mark.slow
@examples(cost=4)
@given(st.data())
def test_any_mixture_of_forms_gives_the_sessions_of_one(data: st.DataObject) -> None:
    forms = rasa.forms()
    mixture = [
        payload for form in data.draw(st.lists(st.sampled_from(list(forms)), max_size=3)) for payload in forms[form]
    ]
    shuffled = data.draw(st.permutations([*mixture, *forms["lines of posts"]]))
    mixed, plain = ledger_in_memory(), ledger_in_memory()
    for payload in shuffled:
        assert arrived(mixed, [payload], source=rasa.SOURCE).conflicts == 0
    arrived(plain, forms["a tracker"], source=rasa.SOURCE)
    assert sessions_of(mixed) == sessions_of(plain)


@pytest.mark.parametrize(
    ("payloads", "source"),
    [
        (
            [whatsapp.webhook_of(whatsapp.message()), whatsapp.statuses(whatsapp.status(id="wamid.other"))],
            whatsapp.SOURCE,
        ),
        ([[botframework.activity(), botframework.answer()]], botframework.SOURCE),
        ([copilot.row(copilot.message(), copilot.message(0))], copilot.SOURCE),
    ],
    ids=["whatsapp", "botframework", "copilot"],
)
def test_a_repeated_delivery_is_a_duplicate(payloads: list[Any], source: Source) -> None:
    ledger = ledger_in_memory()
    first = arrived(ledger, payloads, source=source)
    again = arrived(ledger, [*reversed(payloads), *payloads], source=source)
    assert (first.accepted, again.accepted, again.duplicates, again.conflicts) == (2, 0, 4, 0)
