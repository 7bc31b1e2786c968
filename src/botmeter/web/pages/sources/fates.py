"""What became of deliveries, as lines of a table and as a sentence."""

from dataclasses import dataclass, replace

from botmeter.ledger.deliveries import Delivered
from botmeter.web import text
from botmeter.web.words import Word, id_word, plain

_FATES = ("accepted", "duplicates", "conflicts", "rejected", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery.

    Attributes:
        counts: Accepted, duplicates, conflicts, rejected and ignored, each as text and whether it is none.
        look: Of the line: `bad` where something was refused.
        why: Why something in it was refused or never counts; empty: all of it counts.
    """

    at: str
    subject: Word
    delivery_id: Word
    counts: tuple[tuple[str, bool], ...]
    look: str
    why: Word


def delivery_line(found: Delivered, *, zone: str) -> DeliveryLine:
    """The delivery as a line."""
    numbers = [getattr(found, fate) for fate in _FATES]
    return DeliveryLine(
        at=text.instant_text(found.received_at, zone=zone),
        subject=plain(found.subject or "–"),
        delivery_id=_short(found.delivery_id or "–"),
        counts=tuple((text.count_text(number), number == 0) for number in numbers),
        look="bad" if found.rejected or found.conflicts else "",
        why=plain(found.detail or ""),
    )


def _short(delivery_id: str) -> Word:
    whole = id_word(delivery_id)
    short = text.short_id(whole.text)
    return whole if short == whole.text else replace(whole, text=short, title=whole.title or whole.text)


def fate_text(found: Delivered) -> str:
    """What became of it: `3 accepted, 1 ignored`."""
    told = [f"{text.count_text(number)} {fate}" for fate in _FATES if (number := getattr(found, fate))]
    return ", ".join(told) or "nothing in it"
