"""A receipt as an answer: what became of each event, or why none was taken where all or none were asked for."""

import pytest

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.server.answers import receipt_answer, receipt_as_mapping
from botmeter.server.front.answer import Answer
from support.asking import Asked

REFUSED = Rejection(index=1, event_id="e2", code="actor_unknown", detail="No.", raw=b"{}")
CLASHING = Rejection(index=0, event_id="e1", code="event_conflict", detail="Another.", raw=b"{}")


def told(answer: Answer) -> Asked:
    return Asked(status=int(answer.status), headers=answer.headers, body=answer.body)


def test_a_receipt_has_the_fields_of_the_contract_and_no_other() -> None:
    receipt = Receipt(accepted=1, duplicates=2, conflicts=1, rejected=1, rejections=(CLASHING, REFUSED))
    assert receipt_as_mapping(receipt) == {
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
def test_what_was_taken_or_known_is_a_success_either_way(receipt: Receipt, is_atomic: bool) -> None:
    answer = told(receipt_answer(receipt, is_atomic=is_atomic))
    assert (answer.status, answer.json()) == (200, receipt_as_mapping(receipt))


@pytest.mark.parametrize(
    ("receipt", "status", "code"),
    [
        (Receipt(rejected=1, rejections=(REFUSED,)), 422, "events_refused"),
        (Receipt(rejected=1, conflicts=1, rejections=(CLASHING, REFUSED)), 422, "events_refused"),
        (Receipt(conflicts=1, rejections=(CLASHING,)), 409, "events_conflict"),
    ],
)
def test_all_or_none_that_was_none_is_a_problem_with_the_receipt(receipt: Receipt, status: int, code: str) -> None:
    answer = told(receipt_answer(receipt, is_atomic=True))
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert (answer.status, said["status"], said["code"]) == (status, status, code)
    assert said["receipt"] == receipt_as_mapping(receipt)
    assert said["detail"].startswith("No event was accepted (atomic=true): 1 ")
    assert told(receipt_answer(receipt, is_atomic=False)).status == 200
