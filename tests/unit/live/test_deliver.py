"""Pages deliver through the same door as platforms, and are told what became of it, whatever that is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live import deliver as doors
from botmeter.live.ingest import Intake
from botmeter.people.source_cache import OpenedSource
from unit.live.conftest import FakeDesk, text_of

SOURCE = OpenedSource(account="acme", name="own", platform="botmeter", secret="", verify_token="")


@contextmanager
def open_door(fake: FakeDesk) -> Iterator[None]:
    intake = Intake(fake.desk, settle=lambda _: None)
    doors.use(intake)
    try:
        yield
    finally:
        doors.use(None)
        fake.open.set()
        intake.close()


def code_of_delivering(body: bytes) -> str:
    with pytest.raises(BotmeterError) as refused:
        doors.deliver(SOURCE, body, headers={}, number="test")
    return refused.value.code


def test_a_delivery_is_told_its_receipt(fake: FakeDesk) -> None:
    with open_door(fake):
        assert doors.deliver(SOURCE, text_of("a"), headers={}, number="test").receipt.accepted == 1
    assert fake.groups == [[["a"]]]


def test_a_delivery_that_fails_is_told_the_failure(fake: FakeDesk) -> None:
    fake.fails = lambda _: Unavailable("disk_full", "The disk is full.")
    with open_door(fake):
        assert code_of_delivering(text_of("a")) == "disk_full"
        assert code_of_delivering(json.dumps([]).encode()) == "body_empty"


def test_a_delivery_that_is_not_written_in_time_says_that_it_may_be_later(
    fake: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_ANSWERED_WITHIN_SECONDS", 0.0)
    fake.hold()
    with open_door(fake):
        assert code_of_delivering(text_of("a")) == "delivery_unanswered"


def test_before_the_server_is_open_and_after_it_nothing_is_taken() -> None:
    assert code_of_delivering(text_of("a")) == "server_stopping"
