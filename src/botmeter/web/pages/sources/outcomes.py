"""Outcomes of deliveries."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from botmeter.domain import text
from botmeter.ledger.deliveries import StoredDelivery
from botmeter.reports.uncounted import Uncounted
from botmeter.sources.payloads.payload import MERGE_PAGE
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.rich_text import Word, Words, id_word, linked, plain

# A platform may name both ids of a person in every delivery.
_SAME_NOTE: Final = "Same as above."
_EMPTY: Final = "It contained no event."
_WHY: Final = {
    Uncounted.WAITING: "Not counted yet.",
    Uncounted.NO_BOT: "Not part of a session: no message names a bot. ",
    Uncounted.NO_MESSAGE: "Not part of a session: it has no message from a customer or a bot.",
    Uncounted.BOTS_ALONE: "Not part of a session: the customer had no open session, and a bot does not open one.",
    Uncounted.POLICY: "Not part of a session under the account's policy.",
}
_LINKED: Final = re.compile(rf"({re.escape(MERGE_PAGE)}|[a-z]+:{re.escape(text.MASK)}[^\s,)]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """Delivery; `style` is `bad` with rejections, `dim` if nothing is new. `reasons` includes notes."""

    at: str
    outcome: str
    style: str
    subject: Word
    delivery_id: Word
    reasons: Words


def delivery_lines(
    delivered: Iterable[StoredDelivery], *, uncounted: Mapping[int, Uncounted], urls: ReportUrls, zone: str
) -> tuple[DeliveryLine, ...]:
    """Format deliveries as rows, newest first, with why nothing in them counts; each repeated note once."""
    lines = []
    notes: set[str] = set()
    for delivery in delivered:
        detail = delivery.detail or ""
        is_repeated = MERGE_PAGE in detail and detail in notes
        note = (plain(_SAME_NOTE),) if is_repeated else _linked(detail, urls)
        notes.add(detail)
        why = _why_uncounted(delivery, uncounted.get(delivery.append_no))
        reasons = (*note, plain(" "), *why) if note and why else note or why
        lines.append(delivery_line(delivery, reasons=reasons, zone=zone))
    return tuple(lines)


def _why_uncounted(delivery: StoredDelivery, reason: Uncounted | None) -> Words:
    if delivery.accepted:
        if reason is Uncounted.NO_BOT:
            return plain(_WHY[reason]), linked("Set a default bot", "#w-default-bot"), plain(".")
        return () if reason is None else (plain(_WHY[reason]),)
    if delivery.detail:
        return ()
    if delivery.duplicates:
        return (plain("Already received and counted."),)
    return (
        (plain("The same event was received before with different content."),)
        if delivery.conflicts
        else (plain(_EMPTY),)
    )


def _linked(detail: str, urls: ReportUrls) -> Words:
    words = []
    for piece in _LINKED.split(detail):
        if piece == MERGE_PAGE:
            words.append(linked(piece, urls.merge_customers()))
        elif _LINKED.fullmatch(piece):
            words.append(id_word(piece, urls.customers(piece)))
        elif piece:
            words.append(plain(piece))
    return tuple(words)


def delivery_line(delivery: StoredDelivery, *, zone: str, reasons: Words = ()) -> DeliveryLine:
    """Format a delivery as a row."""
    return DeliveryLine(
        at=text.instant_text(delivery.received_at, zone=zone),
        outcome=outcome_text(delivery),
        style=_style(delivery),
        subject=plain(delivery.subject or "–"),
        delivery_id=_short(delivery.delivery_id or ""),
        reasons=reasons,
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
