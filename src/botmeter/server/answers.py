"""Answers of the routes that take events."""

from http import HTTPStatus

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.receipt import Receipt
from botmeter.server.front.answer import Answer
from botmeter.server.front.request import Request
from botmeter.sources.cloudevents_http import allowed_origin


def receipt_as_mapping(receipt: Receipt) -> dict[str, object]:
    """Return the receipt as the API documents it."""
    return {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "conflicts": receipt.conflicts,
        "rejected": receipt.rejected,
        "rejections": [
            {"index": each.index, "event_id": each.event_id, "code": each.code, "detail": each.detail}
            for each in receipt.rejections
        ],
    }


def receipt_answer(receipt: Receipt, *, is_atomic: bool) -> Answer:
    """Answer with the receipt, or with a problem if an atomic batch was not accepted."""
    mapping = receipt_as_mapping(receipt)
    if not is_atomic or not (receipt.rejected or receipt.conflicts):
        return Answer.of_json(mapping)
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
    return Answer.of_error(error, ("receipt", mapping))


def delivery_answer(receipt: Receipt) -> Answer:
    """Answer a platform. Quarantined events need not be sent again, so they are no failure."""
    return Answer.of_json({**receipt_as_mapping(receipt), "ignored": list(receipt.ignored)})


def handshake_answer(request: Request) -> Answer:
    """Allow a sender of CloudEvents any rate (CloudEvents, HTTP 1.1 Web Hooks, 4)."""
    return Answer(status=HTTPStatus.OK, headers=allowed_origin(request.headers))
