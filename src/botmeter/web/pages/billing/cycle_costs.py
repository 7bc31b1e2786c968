"""Cost of the open cycle by what opened its sessions."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from botmeter.billing.account_bill import Bill
from botmeter.billing.opening_groups import Opening, opening_groups
from botmeter.billing.pack_advice import account_pack_advice, advice_sentence
from botmeter.billing.shares import NamedGroups, Shares, shares_by_group
from botmeter.domain import text
from botmeter.domain.money_text import money_text, unit_price_text
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.reports.bot_names import BotNames
from botmeter.web.pages.billing.bills import bill_cache, names_of_bots
from botmeter.web.pages.billing.cycle_figures import CycleHrefs
from botmeter.web.pages.billing.statement_tables import UNATTRIBUTED_WORDS, CostLine, amount_width

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.facts import ContactCounts

_HEADS: Final = ("Bot", "Channel", "Bot version", "Cost centre")
_MARK: Final = "\x1f"
# An average is no amount to pay: two more digits tell prices of a cent apart.
_AVERAGE_UNIT: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSplit:
    """Shares of the cost so far."""

    name: str
    title: str
    head: str
    lines: tuple[CostLine, ...]
    total: str
    sessions_total: str
    sessions_href: str
    note: str = ""


def cost_splits(
    ledger: "ReadableLedger", bill: Bill, *, hrefs: CycleHrefs, contacts: "ContactCounts"
) -> tuple[CostSplit, ...]:
    """Split the cost by what opened the sessions, so that it adds up."""
    names, centres = names_of_bots(ledger), bill_cache.of_facts(ledger, cost_centres)
    touchpoints = ledger.touchpoints.all()
    groups = [opening_groups(each, touchpoints=touchpoints, centres=centres) for each in bill.sessions]
    heads = _HEADS if centres.change_days else _HEADS[:-1]
    named = [
        NamedGroups(
            group=each.group,
            names=tuple(tuple(_group_name(opening, head) for opening in each.openings) for head in heads),
        )
        for each in groups
    ]
    splits = [
        _split(bill, shares, head=head, hrefs=hrefs, names=names if head.startswith("Bot") else None)
        for head, shares in zip(heads, shares_by_group(bill.rated, named), strict=True)
    ]
    return (replace(splits[0], note=averages(bill, contacts)), *splits[1:])


def averages(bill: Bill, contacts: "ContactCounts") -> str:
    """Average cost of a session, conversation and ticket."""
    rated = bill.rated
    session_count = max((len(meter.funding) for meter in rated.meters), default=0)
    counts = (
        ("session", session_count),
        ("conversation", contacts.conversation_count),
        ("ticket", contacts.ticket_count),
    )
    words = [
        f"{unit_price_text((rated.total / count).quantize(_AVERAGE_UNIT), rated.plan.currency)} per {noun}"
        for noun, count in counts
        if count
    ]
    return f"On average {', '.join(words)}." if words else ""


def advice_sentences(ledger: "ReadableLedger", bill: Bill) -> tuple[str, ...]:
    """Advise on packs from the last closed cycles."""
    meters = bill.rated.plan.meters
    advice = account_pack_advice(ledger, meters, cache=bill_cache)
    sentence = None if advice is None else advice_sentence(advice, meters[0])
    return () if sentence is None else (sentence,)


def _group_name(opening: Opening, head: str) -> str | None:
    touchpoint = opening.touchpoint
    match head:
        case "Bot":
            return touchpoint.bot_id
        case "Channel":
            return touchpoint.channel
        case "Cost centre":
            return opening.cost_centre or None
        case _:
            # A mark that separates, since both may have a slash.
            return None if touchpoint.bot_id is None else f"{touchpoint.bot_id}{_MARK}{touchpoint.bot_version or ''}"


def _split(bill: Bill, shares: Shares, *, head: str, hrefs: CycleHrefs, names: BotNames | None) -> CostSplit:
    currency = bill.rated.plan.currency
    amounts = [*(each.amount for each in shares.by_name), *(each.amount for each in shares.unattributed)]
    longest = max(amounts, default=Decimal(0))
    lines = [
        CostLine(
            name=_name(each.name, head, names=names),
            sessions=text.count_text(each.sessions),
            sessions_href=f"{hrefs.sessions}?{urlencode(_filter(head, each.name))}",
            amount=money_text(each.amount, currency),
            width=amount_width(each.amount, longest=longest),
        )
        for each in sorted(shares.by_name, key=lambda each: (-each.amount, -each.sessions, each.name or ""))
    ]
    total = sum(each.sessions for each in shares.by_name)
    return CostSplit(
        name=f"cost-by-{head.lower().replace(' ', '-')}",
        title=f"Cost by {'' if head == 'Cost centre' else 'opening '}{head[0].lower()}{head[1:]}",
        head=head,
        lines=(*lines, *_own_lines(shares, currency, longest=longest)),
        total=money_text(bill.rated.total, currency),
        sessions_total=text.count_text(total),
        sessions_href=hrefs.sessions if total else "",
    )


def _filter(head: str, name: str | None) -> dict[str, str]:
    if head == "Bot version":
        bot, _, version = (name or "").partition(_MARK)
        return {"bot": bot, "version": version}
    return {head.lower().replace(" ", "_"): name or ""}


def _own_lines(shares: Shares, currency: str, *, longest: Decimal) -> tuple[CostLine, ...]:
    return tuple(
        CostLine(
            name=UNATTRIBUTED_WORDS[each.kind],
            amount=money_text(each.amount, currency),
            width=amount_width(each.amount, longest=longest),
            is_unattributed=True,
        )
        for each in shares.unattributed
        if each.amount
    )


def _name(name: str | None, head: str, *, names: BotNames | None) -> str:
    if name is None:
        return {"Cost centre": "No cost centre", "Channel": "No channel"}.get(head, "No bot")
    if names is None:
        return name
    bot, _, version = name.partition(_MARK)
    return f"{names[bot]} {version}".strip()
