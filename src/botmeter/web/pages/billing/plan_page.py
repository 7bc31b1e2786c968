"""Admin → Billing → Plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect

from botmeter.billing.account_facts import account_terms
from botmeter.billing.cycle import Cycle, cycle_at
from botmeter.billing.opening import set_opening
from botmeter.billing.plan import Plan
from botmeter.billing.plan_actions import midnight_us, plan_start_us, set_plan, withdraw_plan
from botmeter.billing.plan_sentences import opening_sentence
from botmeter.billing.plan_terms import PlanTerm, account_cycle_at
from botmeter.billing.what_if_effect import effect_of
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.billing.closed_statements import closed_spans
from botmeter.ledger.billing.plan_terms import StoredPlanTerm, plan_terms
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.alerts.ready_made import AlertsOffer, alerts_offer
from botmeter.web.pages.billing.bills import simulation_turn
from botmeter.web.pages.billing.plan_choice import (
    PlanForm,
    PlanTerms,
    StartForm,
    WithdrawalForm,
    plan_file,
    short_title,
    terms_in_words,
)
from botmeter.web.pages.billing.purchase_forms import OpeningForm
from botmeter.web.pages.billing.statement_tables import LINE_COLUMNS, rated_line_cells, rated_totals
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.rendering import rendered

if TYPE_CHECKING:
    pass

_TERM_COLUMNS: Final = (Column(label="Plan"), Column(label="From"), Column(label="Status"))
_FIELDS_OF_CODES: Final = {
    "plan_instant_taken": "from_on",
    "plan_term_exists": "from_on",
    "plan_currency_changed": "from_on",
    "statement_closed": "from_on",
}


class SetPlanForm(StartForm):
    """Start of a later plan."""


class FirstPlanForm(OpeningForm, StartForm):
    """Start of the first plan."""

    field_order = ("from_on", "as_of", "allowance_used", "units_left", "expires_on", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPreview:
    """Plan before it is set, with lines of the last cycle under it."""

    label: str
    title: str
    terms: PlanTerms
    definition: str
    dates: str
    lines: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """Choice of a plan; `form` is None without a choice or the right to set it, `alerts` once there are any."""

    frame: Frame
    tabs: tuple[Link, ...]
    lede: str
    choice: PlanForm
    preview: PlanPreview | None
    form: StartForm | None
    line_columns: tuple[Column, ...]
    term_columns: tuple[Column, ...]
    terms_in_force: tuple[tuple[Cell, ...], ...]
    withdrawal: WithdrawalForm | None
    alerts: AlertsOffer | None


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def plan_page(visit: Visit) -> HttpResponse:
    """Show a plan's terms and effect; set or withdraw a plan on POST."""
    posted = visit.request.POST if visit.request.method == "POST" else None
    what = "" if posted is None else posted.get("what", "")
    choice = PlanForm((visit.request.GET if posted is None else posted) or None)
    plan = choice.chosen if choice.is_valid() else None
    with visit.reading() as ledger:
        terms, stored = account_terms(ledger), plan_terms(ledger)
        start_us = None if plan is None else plan_start_us(ledger, plan, from_on=None, now_us=now_us())
        closed_us = max((end_us for _, end_us in closed_spans(ledger)), default=0)
    stored_since = [each for each in stored if each.from_at >= closed_us]
    withdrawal = _withdrawal_form(visit, stored_since, posted=posted if what == "withdraw" else None)
    form = _start_form(plan, start_us, terms=terms, posted=posted if what == "set" else None)
    if withdrawal is not None and withdrawal.is_valid() and _is_done(visit, withdrawal, action=_withdraw):
        return redirect("billing-plan", visit.account)
    if plan is not None and form is not None and form.is_valid() and _is_done(visit, form, action=_set_of(plan)):
        return redirect("billing", visit.account)
    page = PlanPage(
        tabs=billing_tabs(visit.account, current="billing-plan"),
        frame=frame(visit, title="Plan", current="billing", crumbs=section_links(visit.account, "billing")),
        lede=_lede(terms),
        choice=choice,
        preview=None if plan is None else _preview(visit, plan, terms=terms),
        form=form if visit.may(Right.CHANGE_BILLING) else None,
        line_columns=LINE_COLUMNS,
        term_columns=_TERM_COLUMNS,
        terms_in_force=tuple(reversed(_term_lines(stored))),
        withdrawal=withdrawal,
        alerts=alerts_offer(visit, has_plan=bool(terms)),
    )
    is_wrong = bool((form and form.errors) or (withdrawal and withdrawal.errors))
    return rendered(visit.request, "billing/plan.html", page=page, status=400 if is_wrong else 200)


def _lede(terms: tuple[PlanTerm, ...]) -> str:
    if not terms:
        return "A plan gives sessions their price. Nothing changes until you set it."
    return "A new plan begins with the next cycle unless you choose another day. Nothing changes until you set it."


def _start_form(
    plan: Plan | None, start_us: int | None, *, terms: tuple[PlanTerm, ...], posted: Any
) -> StartForm | None:
    if plan is None or start_us is None:
        return None
    initial = {"from_on": day_of_us(start_us, timezone=plan.cycle.timezone)}
    return (SetPlanForm if terms else FirstPlanForm)(posted, initial=initial)


def _is_done(visit: Visit, form: Any, *, action: Callable[[Visit, Any], Notice]) -> bool:
    with form_errors(form, fields=_FIELDS_OF_CODES):
        add_notice(visit.request, action(visit, form))
    return not form.errors


def _set_of(plan: Plan) -> Callable[[Visit, Any], Notice]:
    def action(visit: Visit, form: StartForm) -> Notice:
        values, present_us = form.cleaned_data, now_us()
        from_us = midnight_us(values["from_on"], plan.cycle.timezone)
        start = PlanTerm(plan=plan, from_us=from_us)
        balance = form.balance([start]) if isinstance(form, FirstPlanForm) else None
        reason = values["reason"] or None
        with visit.writing() as ledger, ledger.transaction():
            set_plan(ledger, plan, from_us=from_us, now_us=present_us, by=visit.user.email, reason=reason)
            if balance is not None:
                set_opening(ledger, balance, now_us=present_us, by=visit.user.email)
        visit.record(Action.PLAN_SET, plan=plan.label, from_day=values["from_on"].isoformat())
        sentence = ""
        if balance is not None:
            sentence = opening_sentence(balance, zone=plan.cycle.timezone)
            visit.record(Action.OPENING_BALANCE_SET, balance=sentence)
        return Notice(fact=f"{plan.label} is in force from {text.day_text(values['from_on'])}.", consequence=sentence)

    return action


def _withdrawal_form(visit: Visit, stored: list[StoredPlanTerm], *, posted: Any) -> WithdrawalForm | None:
    choices = [
        (each.number, f"{each.label} from {text.day_text(day_of_us(each.from_at))}") for each in reversed(stored)
    ]
    return (
        WithdrawalForm(posted, choices=choices, auto_id="withdraw_%s")
        if choices and visit.may(Right.CHANGE_BILLING)
        else None
    )


def _withdraw(visit: Visit, form: WithdrawalForm) -> Notice:
    values = form.cleaned_data
    with visit.writing() as ledger:
        term = withdraw_plan(ledger, values["term"], reason=values["reason"], now_us=now_us(), by=visit.user.email)
    visit.record(Action.PLAN_WITHDRAWN, plan=term.label, reason=values["reason"])
    return Notice(fact=f"{term.label} is withdrawn.")


def _term_lines(stored: list[StoredPlanTerm]) -> list[tuple[Cell, ...]]:
    present_us = now_us()
    begun = [each.number for each in stored if each.from_at <= present_us]
    lines: list[tuple[Cell, ...]] = []
    for each, after in zip_longest(stored, stored[1:]):
        if each.number not in begun:
            tag = "Not begun"
        elif each.number == begun[-1]:
            tag = "In force"
        else:
            tag = f"Until {text.day_text(day_of_us(after.from_at - 1))}"
        cells = (
            Cell(value=each.label, note=each.reason or "", variant="details"),
            Cell(value=text.day_text(day_of_us(each.from_at)), variant="num"),
            Cell(value="", tag=tag),
        )
        lines.append(cells)
    return lines


def _preview(visit: Visit, plan: Plan, *, terms: tuple[PlanTerm, ...]) -> PlanPreview:
    cycle = last_cycle(plan, terms, now_us=now_us())
    with visit.reading() as ledger:
        effect = effect_of(ledger, plan, cycle=cycle, now_us=now_us(), turn=simulation_turn(visit))
    has_sessions = any(len(meter.funding) for meter in effect.rated.meters)
    return PlanPreview(
        label=plan.label,
        title=short_title(plan),
        terms=terms_in_words(plan),
        definition=plan_file(plan),
        dates=text.days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on)),
        lines=rated_line_cells(effect.rated) if has_sessions else (),
        totals=rated_totals(effect.rated) if has_sessions else (),
        note=effect.note,
    )


def last_cycle(plan: Plan, terms: tuple[PlanTerm, ...], *, now_us: int) -> Cycle:
    """Last cycle that is over: of the account, or of the plan if it has none."""
    if terms and terms[0].from_us < account_cycle_at(terms, max(now_us, terms[0].from_us)).cycle.start_us:
        start_us = account_cycle_at(terms, now_us).cycle.start_us
        return account_cycle_at(terms, start_us - 1).cycle
    rule, present_on = plan.cycle, day_of_us(now_us, timezone=plan.cycle.timezone)
    anchor = rule.anchor or present_on.replace(day=1)
    open_cycle = cycle_at(replace(rule, anchor=anchor), anchor, at_us=now_us)
    before_us = midnight_us(open_cycle.first_on - timedelta(days=1), rule.timezone)
    return cycle_at(rule, anchor, at_us=before_us)
