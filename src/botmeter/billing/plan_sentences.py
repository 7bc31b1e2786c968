"""Terms of a plan in plain words."""

from decimal import Decimal
from typing import Final

from botmeter.billing.plan import MONTHS_OF, Allowance, Beyond, Every, Meter, Pack, Plan, Recharge
from botmeter.domain import text
from botmeter.domain.money import rounded
from botmeter.domain.money_text import money_text, percent_of_rate, unit_price_text, units_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.plan_terms import OpeningBalance
from botmeter.ledger.billing.purchases import Purchase

PERIOD_WORDS: Final[dict[Every, str]] = {
    "month": "month",
    "quarter": "quarter",
    "half_year": "half-year",
    "year": "year",
}
_ALLOWANCE_PER: Final = {"cycle": "per cycle", "month": "per month", "account": "once per account"}


def plan_sentences(plan: Plan) -> tuple[str, ...]:
    """Describe cycle, fixed amounts and each meter, a sentence each."""
    meters = [sentence for meter in plan.meters for sentence in _meter(meter, plan)]
    return (_cycle(plan), *_fixed(plan), *meters, *_tax(plan))


def purchase_sentence(purchase: Purchase, plan: Plan) -> str:
    """Describe a purchase: `3 packs of 100 sessions for $147.00`."""
    amount = money_text(rounded(purchase.pack_price * purchase.packs, plan.currency), plan.currency)
    return f"{text.counted(purchase.packs, 'pack')} of {units_text(purchase.pack_units)} sessions for {amount}"


def opening_sentence(balance: OpeningBalance, *, zone: str) -> str:
    """Describe an opening balance."""
    left = units_text(sum((pack.units_left for pack in balance.packs), Decimal(0)))
    used, on = units_text(balance.allowance_used), text.day_text(day_of_us(balance.as_of, timezone=zone))
    return f"{used} of the allowance used and {left} sessions left in packs, as of {on}."


def source_sentence(plan: Plan) -> str:
    """Say where a published price comes from; empty for other plans."""
    published = plan.published
    if published is None:
        return ""
    origin = "the vendor" if published.confidence == "vendor" else "a secondary source"
    return f"Published price, as of {text.day_text(published.seen_on)}, from {origin}: {published.source}"


def _cycle(plan: Plan) -> str:
    rule = plan.cycle
    months = MONTHS_OF[rule.every]
    length = "a month" if months == 1 else f"{months} months"
    anchor = "" if rule.anchor is None else f" from {text.day_text(rule.anchor)}"
    part = " A part of a cycle is charged by its days." if rule.prorate else ""
    return f"A cycle is {length}{anchor}, with days in {rule.timezone}.{part}"


def _fixed(plan: Plan) -> tuple[str, ...]:
    sentences = []
    if plan.fee:
        sentences.append(f"The fee is {money_text(plan.fee, plan.currency)} per cycle.")
    if plan.minimum:
        sentences.append(f"A cycle costs at least {money_text(plan.minimum, plan.currency)}, fee included.")
    return tuple(sentences)


def _meter(meter: Meter, plan: Plan) -> tuple[str, ...]:
    subject = f"Sessions of {' and '.join(meter.policies)}: " if len(plan.meters) > 1 and meter.policies else ""
    sentences = [
        *([_allowance(meter.allowance)] if meter.allowance else []),
        *([_pack(meter.pack, plan.currency)] if meter.pack else []),
        *([_recharge(meter.recharge)] if meter.recharge else []),
        _beyond(meter, plan.currency),
        *([f"A session counts as {units_text(meter.weight)} units."] if meter.weight != 1 else []),
        *(["Previews are free."] if meter.previews == "free" else []),
        *(["Sessions marked as test are charged."] if meter.test == "charged" else []),
    ]
    return tuple(f"{subject}{sentence}" for sentence in sentences)


def _allowance(allowance: Allowance) -> str:
    forfeited = "; the rest is forfeited on the first purchase" if allowance.forfeited_on_purchase else ""
    return f"{text.counted(allowance.sessions, 'session')} included {_ALLOWANCE_PER[allowance.per]}{forfeited}."


def _pack(pack: Pack, currency: str) -> str:
    price = unit_price_text(pack.price, currency)
    recurring = ", bought again each cycle until removed" if pack.recurring else ""
    least = f" At least {text.counted(pack.least_per_cycle, 'pack')} per cycle." if pack.least_per_cycle else ""
    return (
        f"A pack of {text.counted(pack.sessions, 'session')} costs {price}{recurring}, {_lapses(pack.lapses)}.{least}"
    )


def _lapses(lapses: str) -> str:
    match lapses:
        case "never":
            return "and never lapses"
        case "cycle_end":
            return "and lapses at the cycle's end"
        case days:
            return f"and lapses after {text.counted(int(days.removesuffix('d')), 'day')}"


def _recharge(recharge: Recharge) -> str:
    most = "" if recharge.most_per_cycle is None else f", at most {recharge.most_per_cycle:,} per cycle"
    packs = "a pack is" if recharge.packs == 1 else f"{recharge.packs} packs are"
    return f"When fewer than {text.counted(recharge.below, 'session')} are left, {packs} bought{most}."


def _beyond(meter: Meter, currency: str) -> str:
    beyond, has_grants = meter.beyond, bool(meter.allowance or meter.pack)
    cap = "" if beyond.cap is None else f" No more than {money_text(beyond.cap, currency)} per cycle; later ones stop."
    subject = "Sessions beyond that" if has_grants else "Sessions"
    return f"{subject} {_price(beyond, currency)}.{cap}"


def _price(beyond: Beyond, currency: str) -> str:
    match beyond.kind:
        case "stop":
            return "are stopped and not charged"
        case "price" if beyond.price is not None:
            return f"cost {unit_price_text(beyond.price, currency)} each"
        case "package" if beyond.price is not None:
            return f"cost {unit_price_text(beyond.price, currency)} per {beyond.sessions:,} begun"
        case kind:
            tiers = "; ".join(_tiers(beyond, currency))
            how = (
                "each tier at its own price" if kind == "graduated" else "all at the price of the tier that is reached"
            )
            return f"cost, {how}: {tiers}"


def _tiers(beyond: Beyond, currency: str) -> list[str]:
    sentences, first = [], 1
    for tier in beyond.tiers:
        span = f"from {first:,}" if tier.up_to is None else f"{first:,} to {tier.up_to:,}"
        flat = f" and {money_text(tier.flat, currency)} once" if tier.flat else ""
        sentences.append(f"{span} {unit_price_text(tier.price, currency)}{flat}")
        first = first if tier.up_to is None else tier.up_to + 1
    return sentences


def _tax(plan: Plan) -> tuple[str, ...]:
    return () if plan.tax_rate is None else (f"Tax of {percent_of_rate(plan.tax_rate)} is added.",)
