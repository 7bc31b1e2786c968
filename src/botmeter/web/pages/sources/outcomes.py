"""Outcomes of deliveries."""

from dataclasses import dataclass, replace

from botmeter.domain import text
from botmeter.ledger.deliveries import StoredDelivery
from botmeter.web.rich_text import Word, id_word, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """A delivery.

    Attributes:
        outcome: `3 accepted, 1 ignored`.
        look: `bad` with rejections, `dim` if nothing is new.
        why: Reasons for rejected and ignored events.
    """

    at: str
    outcome: str
    look: str
    subject: Word
    delivery_id: Word
    why: Word


def delivery_line(found: StoredDelivery, *, zone: str) -> DeliveryLine:
    """Format a delivery as a row."""
    return DeliveryLine(
        at=text.instant_text(found.received_at, zone=zone),
        outcome=outcome_text(found),
        look=_look(found),
        subject=plain(found.subject or "–"),
        delivery_id=_short(found.delivery_id or ""),
        why=plain(found.detail or ""),
    )


def outcome_text(found: StoredDelivery) -> str:
    """Format an outcome: `3 accepted, 1 ignored`."""
    counts = {
        "accepted": found.accepted,
        "duplicate" if found.duplicates == 1 else "duplicates": found.duplicates,
        "conflict" if found.conflicts == 1 else "conflicts": found.conflicts,
        "rejected": found.rejected,
        "ignored": found.ignored,
    }
    return (
        ", ".join(f"{text.count_text(number)} {outcome}" for outcome, number in counts.items() if number) or "no events"
    )


def _look(found: StoredDelivery) -> str:
    if found.rejected or found.conflicts:
        return "bad"
    return "" if found.accepted else "dim"


def _short(delivery_id: str) -> Word:
    whole = id_word(delivery_id)
    short = text.short_id(whole.text)
    return whole if short == whole.text else replace(whole, text=short, title=whole.title or whole.text)
