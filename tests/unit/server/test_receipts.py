"""The answer to a batch: the outcome of each event, or a problem if an atomic batch was not accepted."""

from typing import Any

import msgspec
import pytest

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.server.events import receipt_answer
from botmeter.server.front.answer import Answer
from botmeter.web.api.ingest_schema import receipt_of
from support.asgi_requests import AsgiResponse

REFUSED = Rejection(index=1, event_id="e2", code="actor_unknown", detail="No.", raw=b"{}")
CLASHING = Rejection(index=0, event_id="e1", code="event_conflict", detail="Another.", raw=b"{}")


def response(answer: Answer) -> AsgiResponse:
    return AsgiResponse(status=int(answer.status), headers=answer.headers, body=answer.body)


def as_json(receipt: Receipt) -> Any:
    return msgspec.to_builtins(receipt_of(receipt))


def test_a_receipt_has_the_fields_of_the_contract_and_no_other() -> None:
    receipt = Receipt(accepted=1, duplicates=2, conflicts=1, rejected=1, rejections=(CLASHING, REFUSED))
    assert as_json(receipt) == {
        "accepted": 1,
        "duplicates": 2,
        "conflicts": 1,
        "rejected": 1,
        "rejections": [
            {"index": 0, "event_id": "e1", "code": "event_conflict", "detail": "Another."},
            {"index": 1, "event_id": "e2", "code": "actor_unknown", "detail": "No."},
        ],
    }


@pytest.mark.parametrize("receipt", [Receipt(accepted=2), Receipt(duplicates=2), Receipt(accepted=1, duplicates=1)])
@pytest.mark.parametrize("is_atomic", [True, False])
def test_accepted_and_duplicate_events_are_a_success(receipt: Receipt, is_atomic: bool) -> None:
    answer = response(receipt_answer(receipt, is_atomic=is_atomic))
    assert (answer.status, answer.json()) == (200, as_json(receipt))


@pytest.mark.parametrize(
    ("receipt", "status", "code"),
    [
        (Receipt(rejected=1, rejections=(REFUSED,)), 422, "events_refused"),
        (Receipt(rejected=1, conflicts=1, rejections=(CLASHING, REFUSED)), 422, "events_refused"),
        (Receipt(conflicts=1, rejections=(CLASHING,)), 409, "events_conflict"),
    ],
)
def test_a_refused_atomic_batch_is_a_problem_with_the_receipt(receipt: Receipt, status: int, code: str) -> None:
    answer = response(receipt_answer(receipt, is_atomic=True))
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["receipt"] == as_json(receipt)
    assert problem["detail"].startswith("No event was accepted (atomic=true): 1 ")
    assert response(receipt_answer(receipt, is_atomic=False)).status == 200
