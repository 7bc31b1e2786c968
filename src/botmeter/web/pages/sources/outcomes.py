"""What became of deliveries, as lines of a table and as a sentence."""

from dataclasses import dataclass, replace

from botmeter.domain import text
from botmeter.ledger.deliveries import Delivered
from botmeter.web.rich_text import Word, id_word, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery.

    Attributes:
        fate: What became of it: `3 accepted, 1 ignored`.
        look: Of its fate: `bad` where something was refused, `dim` where nothing is new.
        delivery_id: What the platform calls it; empty: nothing.
        why: Why something in it was refused or never counts; empty: all of it counts.
    """

    at: str
    fate: str
    look: str
    subject: Word
    delivery_id: Word
    why: Word


def delivery_line(found: Delivered, *, zone: str) -> DeliveryLine:
    """The delivery as a line."""
    return DeliveryLine(
        at=text.instant_text(found.received_at, zone=zone),
        fate=fate_text(found),
        look=_look(found),
        subject=plain(found.subject or "–"),
        delivery_id=_short(found.delivery_id or ""),
        why=plain(found.detail or ""),
    )


def fate_text(found: Delivered) -> str:
    """What became of it: `3 accepted, 1 ignored`."""
    told = {
        "accepted": found.accepted,
        "duplicate" if found.duplicates == 1 else "duplicates": found.duplicates,
        "conflict" if found.conflicts == 1 else "conflicts": found.conflicts,
        "rejected": found.rejected,
        "ignored": found.ignored,
    }
    return ", ".join(f"{text.count_text(number)} {fate}" for fate, number in told.items() if number) or "nothing in it"


def _look(found: Delivered) -> str:
    if found.rejected or found.conflicts:
        return "bad"
    return "" if found.accepted else "dim"


def _short(delivery_id: str) -> Word:
    whole = id_word(delivery_id)
    short = text.short_id(whole.text)
    return whole if short == whole.text else replace(whole, text=short, title=whole.title or whole.text)
