"""Pages deliver through the same door as platforms, and are told what became of it, whatever that is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live import deliver as delivering
from botmeter.live.ingest import Intake
from botmeter.people.source_cache import OpenedSource
from botmeter.sources.payload import Delivery
from unit.live.conftest import FakeDesk, text_of

SOURCE = OpenedSource(account="acme", name="own", platform="botmeter", secret="", verify_token="")


@contextmanager
def intake_over(fake: FakeDesk) -> Iterator[Intake]:
    intake = Intake(fake.desk, settle=lambda _: None)
    try:
        yield intake
    finally:
        fake.open.set()
        intake.close()


def delivery_of(body: bytes) -> Delivery:
    return Delivery(body=body, headers={}, received_us=0)


def code_of_delivering(intake: Intake, body: bytes) -> str:
    with pytest.raises(BotmeterError) as refused:
        delivering.deliver(intake, SOURCE, delivery=delivery_of(body), number="test")
    return refused.value.code


def test_a_delivery_is_told_its_receipt(fake: FakeDesk) -> None:
    with intake_over(fake) as intake:
        assert (
            delivering.deliver(intake, SOURCE, delivery=delivery_of(text_of("a")), number="test").receipt.accepted == 1
        )
    assert fake.groups == [[["a"]]]


def test_a_delivery_that_fails_is_told_the_failure(fake: FakeDesk) -> None:
    fake.fails = lambda _: Unavailable("disk_full", "The disk is full.")
    with intake_over(fake) as intake:
        assert code_of_delivering(intake, text_of("a")) == "disk_full"
        assert code_of_delivering(intake, json.dumps([]).encode()) == "body_empty"


def test_a_delivery_that_is_not_written_in_time_says_that_it_may_be_later(
    fake: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "_ANSWERED_WITHIN_SECONDS", 0.0)
    fake.hold()
    with intake_over(fake) as intake:
        assert code_of_delivering(intake, text_of("a")) == "delivery_unanswered"


def test_after_the_end_of_the_server_nothing_is_taken(fake: FakeDesk) -> None:
    with intake_over(fake) as intake:
        pass
    assert code_of_delivering(intake, text_of("a")) == "server_stopping"
