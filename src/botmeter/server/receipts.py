"""Receipts as answers: what became of the events of one request."""

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.receipt import Receipt
from botmeter.server.front.request import Answer


def receipt_as_mapping(receipt: Receipt) -> dict[str, object]:
    """The contract's receipt."""
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
    """The receipt; of events that were to be taken all or none, and could not be, as a problem."""
    told = receipt_as_mapping(receipt)
    if not is_atomic or not (receipt.rejected or receipt.conflicts):
        return Answer.of_json(told)
    if receipt.rejected:
        error: Refused = Refused(
            "events_refused",
            f"Nothing was taken, as asked for: {receipt.rejected:,} of the events can't be; the receipt says why.",
        )
    else:
        error = Conflict(
            "events_conflict",
            f"Nothing was taken, as asked for: {receipt.conflicts:,} of the events came before with another "
            "content; the receipt says which.",
        )
    return Answer.of_error(error, ("receipt", told))
