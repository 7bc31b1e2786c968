"""Outcomes of deliveries."""

from dataclasses import dataclass, replace

from botmeter.domain import text
from botmeter.ledger.deliveries import StoredDelivery
from botmeter.web.rich_text import Word, id_word, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """A delivery; `style` is `bad` with rejections, `dim` if nothing is new."""

    at: str
    outcome: str
    style: str
    subject: Word
    delivery_id: Word
    reasons: Word


def delivery_line(delivery: StoredDelivery, *, zone: str) -> DeliveryLine:
    """Format a delivery as a row."""
    return DeliveryLine(
        at=text.instant_text(delivery.received_at, zone=zone),
        outcome=outcome_text(delivery),
        style=_style(delivery),
        subject=plain(delivery.subject or "–"),
        delivery_id=_short(delivery.delivery_id or ""),
        reasons=plain(delivery.detail or ""),
    )


def outcome_text(delivery: StoredDelivery) -> str:
    """Format an outcome: `3 accepted, 1 ignored`."""
    counts = {
        "accepted": delivery.accepted,
        "duplicate" if delivery.duplicates == 1 else "duplicates": delivery.duplicates,
        "conflict" if delivery.conflicts == 1 else "conflicts": delivery.conflicts,
        "rejected": delivery.rejected,
        "ignored": delivery.ignored,
    }
    return (
        ", ".join(f"{text.count_text(number)} {outcome}" for outcome, number in counts.items() if number) or "no events"
    )


def _style(delivery: StoredDelivery) -> str:
    if delivery.rejected or delivery.conflicts:
        return "bad"
    return "" if delivery.accepted else "dim"


def _short(delivery_id: str) -> Word:
    whole = id_word(delivery_id)
    short = text.short_id(whole.text)
    return whole if short == whole.text else replace(whole, text=short, title=whole.title or whole.text)
