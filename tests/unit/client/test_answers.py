"""Meaning of a single answer."""

import json

import pytest
from tests.support.client_world import NOW_US

from botmeter.client.answers import RETRY_AFTER_SECONDS_MAX, Answer, Receipt, RetryLater, Unusable, outcome

RECEIPT = {"accepted": 1, "duplicates": 1, "conflicts": 1, "rejected": 0, "rejections": []}


def of(status: int, body: bytes = b"", **headers: str) -> object:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return outcome(Answer(status=status, headers=named, body=body), event_count=3, now_us=NOW_US)


def test_a_receipt_counts_the_events_by_outcome() -> None:
    receipt = of(200, json.dumps(RECEIPT).encode())
    assert isinstance(receipt, Receipt)
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (1, 1, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b'{"accepted": 3', json.dumps({**RECEIPT, "accepted": 2}).encode(), b"\xff\xfe", b"[]"],
)
def test_an_answer_that_is_no_receipt_for_these_events_proves_nothing(body: bytes) -> None:
    assert isinstance(of(200, body), RetryLater)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999", RETRY_AFTER_SECONDS_MAX),
        ("Wed, 18 Nov 2026 11:06:50 GMT", 10),
        ("Wed, 18 Nov 2020 10:26:50 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
        ("Wed, 99 Nov 2026 99:99:99 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float) -> None:
    later = of(503, retry_after=header)
    assert isinstance(later, RetryLater)
    assert later.after_seconds == seconds


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'{"code": 7}'])
def test_a_refusal_without_problem_details_still_has_a_code_and_a_sentence(body: bytes) -> None:
    unusable = of(422, body)
    assert unusable == Unusable(code="http_422", detail="The server answered 422.")
