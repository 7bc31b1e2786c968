"""Admin → Billing → What if."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from django import forms
from django.http import HttpResponse
from django.urls import reverse

from botmeter.billing.account_bill import bill_of
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan import Plan
from botmeter.billing.plan_actions import pinned_policy
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.billing.rated import RatedCycle
from botmeter.billing.what_if import WhatIf, even_sessions, under_plan
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.money_text import change_in_money, money_text
from botmeter.metering.policy import Policy, in_force
from botmeter.metering.preset import preset, presets
from botmeter.people.rights import Right
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.simulate import simulate
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.billing.bills import bill_cache, plans_of
from botmeter.web.pages.billing.plan_choice import PlanForm
from botmeter.web.pages.billing.statement_page import cycle_of_day
from botmeter.web.pages.billing.statement_tables import (
    LINE_COLUMNS,
    cycle_name,
    rated_line_cells,
    rated_totals,
    rated_usage_cells,
)
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_CYCLES_MAX: Final = 24


class WhatIfForm(PlanForm):
    """A cycle, another plan, and another policy."""

    cycle = forms.ChoiceField(label="Cycle", required=False)
    policy = forms.ChoiceField(
        label="Count sessions by", required=False, help_text="Empty: as the plan says, or by the account's own policy."
    )
    field_order = ("cycle", "plan", "text", "policy")

    def __init__(self, *arguments: Any, cycles: Sequence[AccountCycle], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["cycle"].choices = [(_day(each.cycle), _name(each.cycle)) for each in cycles]  # type: ignore[attr-defined]
        self.fields["policy"].choices = [("", "–"), *((each.name, each.name) for each in presets())]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A cycle under one plan."""

    title: str
    plan: str
    href: str
    link: str
    lines: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[str, str], ...]
    usage: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfPage:
    """Both sides, empty without a choice; `answer` compares them."""

    frame: Frame
    tabs: tuple[Link, ...]
    form: WhatIfForm
    dates: str
    answer: str
    sides: tuple[Side, ...]
    line_columns: tuple[Column, ...]
    usage_columns: tuple[Column, ...]


@for_member(Right.SEE_MONEY)
def what_if_page(visit: Visit) -> HttpResponse:
    """Show a cycle under the account's plan and another one."""
    query = visit.request.GET
    with visit.reading() as ledger:
        plans = plans_of(ledger)
        cycles = tuple(reversed(timeline(plans.terms, now_us() + 1)))[:_CYCLES_MAX]
        form = WhatIfForm(query if "plan" in query else None, cycles=cycles)
        sides: tuple[Side, ...] = ()
        answer, chosen = "", cycles[min(1, len(cycles) - 1)]
        if form.is_valid() and form.chosen is not None:
            if form.cleaned_data["cycle"]:
                chosen = cycle_of_day(plans, form.cleaned_data["cycle"])
            policy = preset(form.cleaned_data["policy"]).policy if form.cleaned_data["policy"] else None
            sides, answer = _sides(
                visit, ledger, case=_Case(plans=plans, cycle=chosen, plan=form.chosen, policy=policy)
            )
    page = WhatIfPage(
        tabs=billing_tabs(visit.account, current="billing-what-if"),
        frame=frame(visit, title="What if", current="billing", crumbs=section_links(visit.account, "billing")),
        form=form,
        dates=_name(chosen.cycle),
        answer=answer,
        sides=sides,
        line_columns=LINE_COLUMNS,
        usage_columns=(Column(label="Funding"), Column(label="Sessions", variant="r")),
    )
    return rendered(visit.request, "billing/what_if.html", page=page)


def effect_of(visit: Visit, plan: Plan, *, cycle: Cycle, policy: Policy | None = None) -> tuple[WhatIf, str]:
    """Rate a cycle under a plan, with a sentence on what it assumes."""
    with visit.reading() as ledger:
        tables, sentences = _tables(visit, ledger, plan=plan, cycle=cycle, policy=policy)
    effect = under_plan(plan, cycle=cycle, sessions=tables)
    if any(meter.pack for meter in plan.meters):
        packs = text.counted(effect.packs, "pack")
        sentences.append(f"With {packs} bought as the plan says, and nothing left of an earlier cycle.")
    return effect, " ".join(sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    plans: AccountPlans
    cycle: AccountCycle
    plan: Plan
    policy: Policy | None


def _sides(visit: Visit, ledger: "ReadableLedger", *, case: _Case) -> tuple[tuple[Side, ...], str]:
    bill = bill_of(ledger, case.cycle, plans=case.plans, now_us=now_us(), cache=bill_cache)
    effect, note = effect_of(visit, case.plan, cycle=case.cycle.cycle, policy=case.policy)
    own_href = reverse("cycle-statement", args=(visit.account, _day(case.cycle.cycle)))
    other_href = f"{reverse('billing-plan', args=(visit.account,))}?{visit.request.GET.urlencode()}"
    sides = (
        _side("As it was", bill.rated, href=own_href, link="Its lines and sessions"),
        _side("Under the other plan", effect.rated, href=other_href, link="Terms of this plan", note=note),
    )
    return sides, _answer(bill.rated, effect.rated)


def _side(title: str, rated: RatedCycle, *, href: str, link: str, note: str = "") -> Side:
    return Side(
        title=title,
        plan=rated.plan.label,
        href=href,
        link=link,
        lines=rated_line_cells(rated),
        totals=rated_totals(rated),
        usage=rated_usage_cells(rated),
        note=note,
    )


def _answer(own: RatedCycle, other: RatedCycle) -> str:
    before, after = (money_text(each.total, each.plan.currency) for each in (own, other))
    if own.plan.currency != other.plan.currency:
        return f"{after} under {other.plan.label}, {before} under {own.plan.label}."
    difference: Decimal = other.total - own.total
    if not difference:
        return f"{after} under both plans."
    return f"{after} instead of {before}: {change_in_money(difference, own.plan.currency)}."


def _tables(
    visit: Visit, ledger: "ReadableLedger", *, plan: Plan, cycle: Cycle, policy: Policy | None
) -> tuple[list[pa.Table], list[str]]:
    own = in_force(ledger.schedule, at_us=min(cycle.end_us - 1, now_us())).policy
    tables, sentences = [], []
    for meter in plan.meters:
        pinned = [pinned_policy(ledger.schedule, each, at_us=cycle.start_us) for each in meter.policies]
        names = [policy] if policy else pinned
        others = [each for each in names if each != own]
        if not others:
            tables.append(billed_sessions(ledger, cycle.start_us, end_us=cycle.end_us))
            continue
        count = _simulated(visit, ledger, policies=others, cycle=cycle)
        tables.append(even_sessions(count, cycle))
        labels = " and ".join(each.label for each in others)
        sentences.append(f"{text.counted(count, 'session')} by {labels}, metered now and spread evenly over the cycle.")
    return tables, sentences


def _simulated(visit: Visit, ledger: "ReadableLedger", *, policies: Sequence[Policy], cycle: Cycle) -> int:
    days = RequestedDays(first_on=cycle.first_on, last_on=cycle.last_on, timezone=cycle.timezone)
    query = usage_query(ledger.account, now_us=now_us(), days=days)
    with server_state(visit.request).simulations.turn(visit.account) as check:
        simulation = simulate(ledger, query, policies=policies, check=check)
    return sum(outcome.session_count for outcome in simulation.outcomes)


def _day(cycle: Cycle) -> str:
    return cycle.first_on.isoformat()


def _name(cycle: Cycle) -> str:
    return cycle_name(cycle.first_on, cycle.last_on)
