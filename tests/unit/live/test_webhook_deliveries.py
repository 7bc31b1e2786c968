"""A page's test delivery goes the way of a platform's delivery."""

import json

import pytest

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live import webhook_deliveries as delivering
from botmeter.live.ingest import Ingestion
from botmeter.live.webhook_deliveries import deliver
from botmeter.people.sources import OpenedSource
from botmeter.sources.payloads.payload import Delivery
from unit.live.conftest import FakeStore, text_of

SOURCE = OpenedSource(account="acme", name="own", platform="botmeter", secret="", verify_token="")


def delivery_of(body: bytes) -> Delivery:
    return Delivery(body=body, headers={}, received_us=0)


def code_of_delivering(ingestion: Ingestion, body: bytes) -> str:
    with pytest.raises(BotmeterError) as refused:
        deliver(ingestion, SOURCE, delivery=delivery_of(body), number="test")
    return refused.value.code


def test_a_delivery_gets_its_receipt(store: FakeStore, ingestion: Ingestion) -> None:
    assert deliver(ingestion, SOURCE, delivery=delivery_of(text_of("a")), number="test").accepted == 1
    assert store.groups == [[["a"]]]


def test_a_failed_delivery_raises_the_failure(store: FakeStore, ingestion: Ingestion) -> None:
    store.fails = lambda _: Unavailable("disk_full", "The disk is full.")
    assert code_of_delivering(ingestion, text_of("a")) == "disk_full"
    assert code_of_delivering(ingestion, json.dumps([]).encode()) == "body_empty"


def test_a_delivery_that_is_not_stored_in_time_may_be_stored_later(
    store: FakeStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "_ANSWERED_WITHIN_SECONDS", 0.0)
    store.hold()
    assert code_of_delivering(ingestion, text_of("a")) == "delivery_unanswered"


def test_a_stopped_server_refuses_deliveries(ingestion: Ingestion) -> None:
    ingestion.close()
    assert code_of_delivering(ingestion, text_of("a")) == "server_stopping"
