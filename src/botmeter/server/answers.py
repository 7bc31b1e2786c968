"""Answers of the event routes."""

from http import HTTPStatus

import msgspec

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.receipt import Receipt
from botmeter.server.front.answer import Answer
from botmeter.server.front.request import Request
from botmeter.sources.cloudevents_http import allowed_origin
from botmeter.web.api.ingest_schema import EventsProblem, delivery_receipt_of, receipt_of
from botmeter.web.api.problem_details import problem_from_error


def receipt_answer(receipt: Receipt, *, is_atomic: bool) -> Answer:
    """Answer with the receipt; a refused atomic batch is a problem."""
    if not is_atomic or not (receipt.rejected or receipt.conflicts):
        return Answer.of_json(receipt_of(receipt))
    error: Refused
    if receipt.rejected:
        error = Refused(
            "events_refused",
            f"No event was accepted (atomic=true): {receipt.rejected:,} are invalid. See the receipt for the reasons.",
        )
    else:
        error = Conflict(
            "events_conflict",
            f"No event was accepted (atomic=true): {receipt.conflicts:,} were sent before with different content. See "
            "the receipt for which.",
        )
    details = msgspec.structs.asdict(problem_from_error(error))
    return Answer.of_problem(EventsProblem(**details, receipt=receipt_of(receipt)))


def delivery_answer(receipt: Receipt) -> Answer:
    """Answer a platform; it need not resend quarantined events."""
    return Answer.of_json(delivery_receipt_of(receipt))


def handshake_answer(request: Request) -> Answer:
    """Allow any rate (CloudEvents, HTTP 1.1 Web Hooks, 4)."""
    return Answer(status=HTTPStatus.OK, headers=allowed_origin(request.headers))
