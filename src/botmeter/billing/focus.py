"""Statements as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

A pack is a purchase whose effective cost is 0; its price becomes the effective cost of the sessions that it funds, by
largest remainder, and of units that lapse. An adjusted price is divided among the changed sessions. The
sum of `BilledCost` is the statement's total.
Source: FOCUS 1.2, columns and appendix on prepaid SaaS.
"""

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa

from botmeter.billing.focus_changes import NO_CELL, changed_cells, changed_sessions
from botmeter.billing.focus_schema import FOCUS_SCHEMA, Category, Charge
from botmeter.billing.focus_usage import UsageGroup, usage_groups
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.instant import DAY_US, datetime_from_us, us_from_text
from botmeter.domain.money import apportioned, exact, rounded
from botmeter.domain.period import day_start_us

_SERVICE: Final = {"ServiceCategory": "AI and Machine Learning", "ServiceName": "Chatbot sessions"}
_ZERO: Final = Decimal(0)
_DESCRIPTIONS: Final = {
    "allowance": "Sessions of the allowance",
    "pack": "Sessions of pack {number}",
    "beyond": "Additional sessions",
    "opening": "Sessions before the opening balance",
    "stopped": "Sessions after the limit, not charged",
    "void": "Void sessions, not charged",
    "test": "Test sessions, not charged",
    "preview_free": "Previews, not charged",
}

Parts = Iterator[Charge]


def focus_rows(
    document: bytes,
    sessions: pa.Table,
    *,
    centres: CostCentres,
    changes: pa.Table | None = None,
    provider: str = "",
) -> pa.Table:
    """Rows of a statement, with `FOCUS_SCHEMA`.

    Args:
        sessions: The statement's own list: `started_at` (µs UTC), `meter`, `bot_id`, `channel`, `funding`.
        changes: Sessions of earlier cycles that it adjusts, with `change`; None: those that the document names.
        provider: Platform that bills; empty: the plan's title or name.
    """
    statement: Mapping[str, Any] = json.loads(document)
    groups = usage_groups(sessions, centres)
    shared = _shared(statement, sha256(document).hexdigest(), provider=provider)
    charges = [*_lines(statement), *_usage(statement, groups), *_unused(statement), *_taxes_and_credits(statement)]
    charges += _corrections(statement, changes=changes, centres=centres)
    return pa.Table.from_pylist([{**shared, **_row(charge)} for charge in charges], schema=FOCUS_SCHEMA)


def _shared(statement: Mapping[str, Any], document_hash: str, *, provider: str) -> dict[str, Any]:
    start_us, end_us = _cycle_us(statement["cycle"])
    billed_by = provider or statement.get("plan_title") or ", ".join(statement["plans"]) or "Unknown"
    return {
        **_SERVICE,
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), billed_by),
        "BillingAccountId": statement["account"],
        "BillingAccountName": statement["title"] or statement["account"],
        "BillingCurrency": statement["currency"],
        "BillingPeriodStart": datetime_from_us(start_us),
        "BillingPeriodEnd": datetime_from_us(end_us),
        "InvoiceId": statement["number"],
        "x_plan": ", ".join(statement["plans"]) or None,
        "x_policy": ", ".join(statement["policies"]) or None,
        "x_statement_hash": document_hash if statement["number"] else None,
    }


def _row(charge: Charge) -> dict[str, Any]:
    start_us, end_us = charge.period_us
    is_usage, has_price = charge.category == "Usage", charge.category in ("Usage", "Purchase")
    is_consumed = is_usage and charge.funding != "unused" and not charge.is_correction
    resource_id, resource_name, resource_type = charge.resource or (None, None, None)
    return {
        "BilledCost": charge.billed,
        # No unit prices are given, so that both are the billed cost.
        "ContractedCost": charge.billed,
        "ListCost": charge.billed,
        "EffectiveCost": charge.effective,
        "ChargeCategory": charge.category,
        "ChargeClass": "Correction" if charge.is_correction else None,
        "ChargeDescription": charge.description,
        "ChargeFrequency": charge.frequency,
        "ChargePeriodStart": datetime_from_us(start_us),
        "ChargePeriodEnd": datetime_from_us(end_us),
        "PricingQuantity": charge.quantity,
        "PricingUnit": charge.unit,
        "PricingCategory": "Standard" if has_price else None,
        "ConsumedQuantity": charge.quantity if is_consumed else None,
        "ConsumedUnit": charge.unit if is_consumed else None,
        "ResourceId": resource_id,
        "ResourceName": resource_name,
        "ResourceType": resource_type,
        "SubAccountId": charge.cost_centre or None,
        "SubAccountName": charge.cost_centre or None,
        "x_channel": charge.channel,
        "x_funding": charge.funding,
        "x_meter": charge.meter,
    }


def _lines(statement: Mapping[str, Any]) -> Parts:
    for line in statement["lines"]:
        kind, amount = line["kind"], Decimal(line["amount"])
        if kind in ("fee", "purchase", "minimum") and amount:
            is_pack = kind == "purchase"
            yield Charge(
                category="Purchase",
                description=line["label"],
                billed=amount,
                # Packs cover sessions, which have their cost; a fee covers none.
                effective=_ZERO if is_pack else amount,
                period_us=_cycle_us(statement["cycle"]),
                frequency="Recurring" if kind == "fee" else "One-Time",
                quantity=Decimal(line["quantity"]),
                unit=_unit(line["unit"]),
                resource=("pack", line["label"], "session pack") if is_pack else None,
                funding=kind,
                meter=line["meter"],
            )


def _usage(statement: Mapping[str, Any], groups: Sequence[UsageGroup]) -> Parts:
    billed: dict[int, Decimal] = defaultdict(Decimal)
    effective: dict[int, Decimal] = defaultdict(Decimal)
    for cost in (*_pack_costs(statement), *_beyond_costs(statement, groups)):
        positions = [position for position, group in enumerate(groups) if cost.covers(group)]
        if not positions and cost.effective:
            yield _without_sessions(statement, cost)
        weights = [groups[position].session_count for position in positions]
        for amount, parts in ((cost.billed, billed), (cost.effective, effective)):
            shares = apportioned(amount, weights, currency=statement["currency"])
            for position, share in zip(positions, shares, strict=True):
                parts[position] += share
    bots = _bot_names(statement)
    for position, group in enumerate(groups):
        yield Charge(
            category="Usage",
            description=_DESCRIPTIONS.get(group.kind, group.kind).format(number=group.number),
            billed=billed[position],
            effective=effective[position],
            period_us=_day_us(statement["cycle"], group.day_on),
            frequency="Usage-Based",
            quantity=Decimal(group.session_count),
            unit="Sessions",
            resource=None if group.bot_id is None else (group.bot_id, bots.get(group.bot_id) or group.bot_id, "bot"),
            cost_centre=group.cost_centre,
            channel=group.channel,
            funding=group.funding,
            meter=group.meter,
        )


def _without_sessions(statement: Mapping[str, Any], cost: "_Cost") -> Charge:
    """Cost of units whose sessions all began in another grant, where they count."""
    return Charge(
        category="Usage",
        description=f"Units of sessions counted under another grant: {cost.kind}",
        billed=cost.billed,
        effective=cost.effective,
        period_us=_cycle_us(statement["cycle"]),
        frequency="Usage-Based",
        quantity=Decimal(0),
        unit="Sessions",
        funding=cost.kind,
        meter=cost.meter,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    meter: int
    kind: str
    numbers: Container[int | None] | None
    billed: Decimal
    effective: Decimal

    def covers(self, group: UsageGroup) -> bool:
        is_number = self.numbers is None or group.number in self.numbers
        return is_number and (group.meter, group.kind) == (self.meter, self.kind)


def _pack_costs(statement: Mapping[str, Any]) -> Iterator[_Cost]:
    for grant in _packs(statement):
        numbers = range(grant["number"], grant["number"] + grant["packs"])
        before, used = Decimal(grant["before"]), Decimal(grant["used"])
        effective = _value(grant, statement["currency"], start=before, units=used)
        yield _Cost(meter=grant["meter"], kind="pack", numbers=numbers, billed=_ZERO, effective=effective)


def _beyond_costs(statement: Mapping[str, Any], groups: Sequence[UsageGroup]) -> Iterator[_Cost]:
    amounts: dict[tuple[int, int | None], Decimal] = defaultdict(Decimal)
    for line in statement["lines"]:
        if line["kind"] == "beyond":
            amounts[line["meter"], line["tier"]] += Decimal(line["amount"])
    known = {(group.meter, group.number) for group in groups if group.kind == "beyond"}
    for (meter, tier), amount in amounts.items():
        numbers = (tier,) if (meter, tier) in known else None
        yield _Cost(meter=meter, kind="beyond", numbers=numbers, billed=amount, effective=amount)


def _unused(statement: Mapping[str, Any]) -> Parts:
    for grant in _packs(statement):
        start, lapsed = Decimal(grant["before"]) + Decimal(grant["used"]), Decimal(grant["lapsed"])
        if effective := _value(grant, statement["currency"], start=start, units=lapsed):
            yield Charge(
                category="Usage",
                description=f"Unused units of pack {grant['number']}",
                billed=_ZERO,
                effective=effective,
                period_us=_cycle_us(statement["cycle"]),
                frequency="Usage-Based",
                quantity=lapsed,
                unit="Sessions",
                resource=(f"pack {grant['number']}", f"Pack {grant['number']}", "session pack"),
                funding="unused",
                meter=grant["meter"],
            )


def _packs(statement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (grant for grant in statement["grants"] if grant["kind"] == "pack")


def _value(grant: Mapping[str, Any], currency: str, *, start: Decimal, units: Decimal) -> Decimal:
    """Price of units of a grant; over all its cycles, they add up to the price of its packs."""
    price, whole = Decimal(grant["price"]) * grant["packs"], Decimal(grant["units"])

    def value_of(first: Decimal) -> Decimal:
        with exact(may_round=True):
            return rounded(price * first / whole, currency)

    return value_of(start + units) - value_of(start) if whole else _ZERO


def _taxes_and_credits(statement: Mapping[str, Any]) -> Parts:
    amounts: list[tuple[Category, str, str]] = []
    if tax := statement["tax"]:
        amounts.append(("Tax", f"Tax of {tax['rate']}", tax["amount"]))
    amounts += [("Credit", line["label"], line["amount"]) for line in statement["lines"] if line["kind"] == "carried"]
    for category, description, text in amounts:
        if amount := Decimal(text):
            yield Charge(
                category=category,
                description=description,
                billed=amount,
                effective=amount,
                period_us=_cycle_us(statement["cycle"]),
            )


def _corrections(statement: Mapping[str, Any], *, changes: pa.Table | None, centres: CostCentres) -> Parts:
    bots = _bot_names(statement)
    for adjustment in statement["adjustments"]:
        changed = changed_sessions(adjustment, changes)
        for line in adjustment["lines"]:
            cells = (
                changed_cells(changed, line, centres=centres) if _category(line["kind"]) == "Usage" else {NO_CELL: 1}
            )
            shares = apportioned(Decimal(line["difference"]), list(cells.values()), currency=statement["currency"])
            for cell, amount in zip(cells, shares, strict=True):
                if amount:
                    charge = _correction(adjustment, _category(line["kind"]), label=line["label"], amount=amount)
                    resource = (
                        None if cell.bot_id is None else (cell.bot_id, bots.get(cell.bot_id) or cell.bot_id, "bot")
                    )
                    yield replace(charge, resource=resource, cost_centre=cell.cost_centre, channel=cell.channel)
        if (tax := adjustment["tax"]) and (amount := Decimal(tax["difference"])):
            yield _correction(adjustment, "Tax", label=f"Tax of {tax['rate']}", amount=amount)


def _correction(adjustment: Mapping[str, Any], category: Category, *, label: str, amount: Decimal) -> Charge:
    return Charge(
        category=category,
        description=f"{adjustment['of']}: {label}",
        billed=amount,
        effective=amount,
        period_us=_cycle_us(adjustment["cycle"]),
        frequency="Usage-Based" if category == "Usage" else "One-Time",
        funding="adjustment",
        is_correction=True,
    )


def _bot_names(statement: Mapping[str, Any]) -> dict[str | None, str | None]:
    return {bot["bot_id"]: bot.get("bot_name") for bot in statement["shares"].get("bots", ())}


def _category(kind: str) -> Category:
    return "Usage" if kind == "beyond" else "Purchase"


def _unit(unit: str) -> str:
    return "Cycles" if unit == "cycle" else unit.capitalize()


def _cycle_us(cycle: Mapping[str, str]) -> tuple[int, int]:
    return us_from_text(cycle["start"]), us_from_text(cycle["end"])


def _day_us(cycle: Mapping[str, str], day_on: date) -> tuple[int, int]:
    start_us, end_us = _cycle_us(cycle)
    day_us = day_start_us(day_on)
    return max(day_us, start_us), min(day_us + DAY_US, end_us)
