"""Figures of the open cycle."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from botmeter.billing.next_statement import NextStatement
from botmeter.billing.rated import Funding, GrantUse, RatedCycle
from botmeter.domain import text
from botmeter.domain.money import rounded
from botmeter.domain.money_text import change_in_money, money_text, units_text
from botmeter.domain.period import day_of_us
from botmeter.web.components import Link
from botmeter.web.pages.report.headline import Kpi

if TYPE_CHECKING:
    from botmeter.billing.cost_forecast import CostForecast
    from botmeter.billing.forecast import Forecast

_NOT_CHARGED: Final = (Funding.STOPPED, Funding.VOID, Funding.TEST, Funding.PREVIEW_FREE)
_OTHERS_MAX: Final = 4
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleHrefs:
    """Addresses of a cycle's sessions."""

    sessions: str
    statement: str

    def funded(self, kind: str) -> str:
        return f"{self.sessions}?funding={kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFigures:
    """Figures; `cost` stands out, `statement` has what its statement adds, with the total."""

    cost: Kpi
    others: tuple[Kpi, ...]
    statement: tuple[Link, ...] = ()


def cycle_figures(
    rated: RatedCycle,
    *,
    forecast: "Forecast | None",
    cost: "CostForecast | None",
    hrefs: CycleHrefs,
    following: NextStatement,
) -> CycleFigures:
    """Build the figures."""
    grants = [use for meter in rated.meters for use in meter.grants]
    others = [
        _sessions(rated, forecast, hrefs=hrefs),
        *_included(grants, hrefs=hrefs),
        *_bought(rated, grants, hrefs=hrefs),
        *_left(rated, grants),
        *_beyond(rated, hrefs=hrefs),
        *_not_charged(rated, hrefs=hrefs),
    ]
    return CycleFigures(
        cost=_cost(rated, cost, hrefs=hrefs),
        others=tuple(others[:_OTHERS_MAX]),
        statement=_statement(following, rated.plan.currency, hrefs=hrefs),
    )


def _statement(following: NextStatement, currency: str, *, hrefs: CycleHrefs) -> tuple[Link, ...]:
    if not following.has_parts:
        return ()
    others = [
        f"{change_in_money(amount, currency)} {label}"
        for amount, label in (
            (following.adjustments, "adjustments of earlier cycles"),
            (-following.credit, "credit of the statement before"),
        )
        if amount
    ]
    return (
        Link(label=", ".join(others), href=f"{hrefs.statement}#w-adjustments"),
        Link(label=f"{money_text(following.total, currency)} on the next statement", href=hrefs.statement),
    )


def _cost(rated: RatedCycle, cost: "CostForecast | None", *, hrefs: CycleHrefs) -> Kpi:
    currency = rated.plan.currency
    change = before = ""
    if cost is not None:
        on = text.day_text(day_of_us(rated.cycle.end_us - 1, timezone=rated.cycle.timezone), year=False)
        change = f"{money_text(cost.expected, currency)} expected"
        before = f"by {on}"
        if cost.low is not None and cost.high is not None:
            before += f", 80{text.THIN}% between {money_text(cost.low, currency)} and {money_text(cost.high, currency)}"
    return Kpi(
        label="Cost so far",
        value=money_text(rated.total, currency),
        href=hrefs.statement,
        change=change,
        before=before,
    )


def _sessions(rated: RatedCycle, forecast: "Forecast | None", *, hrefs: CycleHrefs) -> Kpi:
    count = max((len(meter.funding) for meter in rated.meters), default=0)
    change = before = ""
    if forecast is not None:
        end = forecast.end
        change = f"{text.count_text(end.expected_count)} expected"
        if end.low_count is not None and end.high_count is not None:
            before = f"{text.count_text(end.low_count)} to {text.count_text(end.high_count)}"
    return Kpi(
        label="Sessions",
        value=text.count_text(count),
        number=count,
        href=hrefs.sessions if count else "",
        change=change,
        before=before,
    )


def _included(grants: Iterable[GrantUse], *, hrefs: CycleHrefs) -> tuple[Kpi, ...]:
    uses = [use for use in grants if use.grant.kind == "allowance"]
    if not uses:
        return ()
    used = _sum(use.used for use in uses)
    return (
        Kpi(
            label="Included",
            value=units_text(_sum(use.grant.units for use in uses)),
            href=hrefs.funded("allowance") if used else "",
            change=f"{units_text(used)} used",
            before=_left_note(uses),
        ),
    )


def _bought(rated: RatedCycle, grants: Iterable[GrantUse], *, hrefs: CycleHrefs) -> tuple[Kpi, ...]:
    uses = [use for use in grants if use.grant.kind == "pack"]
    if not uses and not any(meter.pack for meter in rated.plan.meters):
        return ()
    used = _sum(use.used for use in uses)
    packs = sum(use.grant.packs for use in uses)
    return (
        Kpi(
            label="In packs",
            value=units_text(_sum(use.grant.units - use.before for use in uses)),
            href=hrefs.funded("pack") if used else "",
            change=f"{units_text(used)} used",
            before=f"of {text.counted(packs, 'pack')}",
        ),
    )


def _left(rated: RatedCycle, grants: list[GrantUse]) -> tuple[Kpi, ...]:
    if not grants:
        return ()
    left = _sum(use.left for use in grants)
    worth = _sum(use.left * use.grant.price * use.grant.packs / use.grant.units for use in grants if use.grant.units)
    currency = rated.plan.currency
    return (
        Kpi(
            label="Left",
            value=units_text(left),
            before=f"worth {money_text(rounded(worth, currency), currency)}" if worth else "of allowance and packs",
        ),
    )


def _beyond(rated: RatedCycle, *, hrefs: CycleHrefs) -> tuple[Kpi, ...]:
    units = _sum(meter.beyond_units for meter in rated.meters)
    if not units and all(meter.beyond.kind == "stop" for meter in rated.plan.meters):
        return ()
    amount = _sum(line.amount for line in rated.lines if line.kind == "beyond")
    return (
        Kpi(
            label="Beyond",
            value=units_text(units),
            href=hrefs.funded("beyond") if units else "",
            before=money_text(amount, rated.plan.currency),
        ),
    )


def _not_charged(rated: RatedCycle, *, hrefs: CycleHrefs) -> tuple[Kpi, ...]:
    counts = [meter.counts() for meter in rated.meters]
    of_kind = {kind: sum(count[kind] for count in counts) for kind in _NOT_CHARGED}
    total = sum(of_kind.values())
    if not total:
        return ()
    words = [f"{count:,} {kind.name.lower().replace('_', ' ')}" for kind, count in of_kind.items() if count]
    return (
        Kpi(
            label="Not charged",
            value=text.count_text(total),
            number=total,
            href=hrefs.funded("not_charged"),
            before=", ".join(words),
        ),
    )


def _left_note(uses: Iterable[GrantUse]) -> str:
    lapsed = _sum(use.lapsed for use in uses)
    return f"{units_text(lapsed)} lapsed" if lapsed else ""


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
