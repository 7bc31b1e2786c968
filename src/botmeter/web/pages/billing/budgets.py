"""Admin → Billing → Budgets."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_facts import account_terms
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.budget_sentences import SCOPE_LABELS, amount_text, budget_text, scope_text
from botmeter.billing.budget_use import budget_span
from botmeter.billing.session_charges import has_charges
from botmeter.domain import text
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.budgets import (
    Budget,
    BudgetPer,
    BudgetScope,
    BudgetUnit,
    StoredBudget,
    add_budget,
    budgets,
    end_budget,
)
from botmeter.ledger.settle import Backlog
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.reports.row_options import ChargeFilter
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.bills import bill_cache, names_of_bots
from botmeter.web.pages.billing.cycle_ahead import EXACT_SESSIONS_MAX, LASTS_SECONDS
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, number_named

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_UNITS: Final = {BudgetUnit.MONEY: "money", BudgetUnit.SESSIONS: "sessions"}
_FILTERS: Final = {
    BudgetScope.BOT: "opened_by",
    BudgetScope.CHANNEL: "opened_on",
    BudgetScope.COST_CENTRE: "cost_centre",
}
_ERROR_FIELDS: Final = {
    "budget_exists": "amount",
    "bot_unknown": "name",
    "channel_unknown": "name",
    "cost_centre_unknown": "name",
}
_TIMES: Final = {BudgetPer.CYCLE: "cycle", BudgetPer.MONTH: "calendar month"}
_days: Final[BoundedCache[Hashable, str]] = BoundedCache(1 << 20, lasts_seconds=LASTS_SECONDS)


class BudgetForm(forms.Form):
    """New budget."""

    scope = forms.ChoiceField(label="For", choices=[(key.value, label) for key, label in SCOPE_LABELS.items()])
    name = forms.CharField(label="Bot ID, channel or cost centre", required=False, max_length=ID_BYTES_MAX, strip=False)
    amount = forms.DecimalField(
        label="Amount", max_digits=18, decimal_places=9, widget=forms.NumberInput(attrs={"step": "any"})
    )
    unit = forms.ChoiceField(label="Unit", choices=[(key.value, label.capitalize()) for key, label in _UNITS.items()])
    per = forms.ChoiceField(label="Period", choices=[(key.value, label.capitalize()) for key, label in _TIMES.items()])
    is_brake = forms.BooleanField(
        label="Brake",
        required=False,
        help_text="Bots that ask before they open a session are told that none is allowed.",
    )
    budget: Budget | None = None

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            with form_errors(self, fields={}):
                self.budget = Budget(
                    scope=BudgetScope(fields["scope"]),
                    name=fields["name"] or None,
                    unit=BudgetUnit(fields["unit"]),
                    amount=fields["amount"],
                    per=BudgetPer(fields["per"]),
                    is_brake=fields["is_brake"],
                )
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """Budget with what is used of it."""

    scope: str
    amount: str
    per: str
    is_brake: bool
    used: str = ""
    used_href: str = ""
    share: str = ""
    reached: str = ""
    state_kind: str = ""
    end_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsPage:
    """Budgets in force; `form` is None for those who may not change them."""

    frame: Frame
    tabs: tuple[Link, ...]
    budgets: tuple[BudgetLine, ...]
    may_change: bool
    form: BudgetForm | None


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def budgets_page(visit: Visit) -> HttpResponse:
    """Show the budgets; add one or, once confirmed, end one on POST."""
    sent = sent_parameters(visit.request)
    if sent.get("what") == "end":
        visit.require(Right.CHANGE_BILLING)
        return _end(visit, number_named(sent.get("budget", ""), "budget", within=(1, 2**31 - 1)))
    form = BudgetForm(visit.request.POST if visit.request.method == "POST" else None)
    if form.is_valid() and form.budget is not None:
        with form_errors(form, fields=_ERROR_FIELDS):
            with visit.writing() as ledger:
                add_budget(ledger, form.budget, now_us=now_us(), by=visit.user.email)
                label = budget_text(form.budget, currency=_currency(ledger))
            visit.record(Action.BUDGET_SET, budget=label)
            add_notice(visit.request, Notice(fact=f"Budget added: {label}."))
            return redirect("billing-budgets", visit.account)
    return _page(visit, form)


def _end(visit: Visit, number: int) -> HttpResponse:
    with visit.reading() as ledger:
        stored = next((each for each in budgets(ledger) if each.number == number), None)
        currency = _currency(ledger)
    back = reverse("billing-budgets", args=(visit.account,))
    if stored is None:
        add_notice(visit.request, Notice(fact=f"Budget {number} has ended already.", kind="info"))
        return redirect(back)
    label = budget_text(stored.budget, currency=currency)
    if not is_confirmed(visit.request):
        confirmation = Confirmation(
            question=f"End the budget for {label}?",
            effect="It no longer warns, and stops nothing. Its past stays in the audit log.",
            button="End budget",
            cancel_href=back,
        )
        return account_confirmation(visit, confirmation, section="billing")
    with visit.writing() as ledger:
        end_budget(ledger, number, now_us=now_us(), by=visit.user.email)
    visit.record(Action.BUDGET_ENDED, budget=label)
    add_notice(visit.request, Notice(fact=f"Budget ended: {label}."))
    return redirect(back)


def _page(visit: Visit, form: BudgetForm) -> HttpResponse:
    may_change = visit.may(Right.CHANGE_BILLING)
    with visit.reading() as ledger:
        lines = _lines(ledger, account=visit.account, backlog=visit.unsettled())
    page = BudgetsPage(
        tabs=billing_tabs(visit.account, current="billing-budgets"),
        frame=frame(visit, title="Budgets", current="billing", crumbs=section_links(visit.account, "billing")),
        budgets=lines,
        may_change=may_change,
        form=form if may_change else None,
    )
    return rendered(visit.request, "billing/budgets.html", page=page, status=400 if form.errors else 200)


def _lines(ledger: "ReadableLedger", *, account: str, backlog: Backlog) -> tuple[BudgetLine, ...]:
    here, stored = reverse("billing-budgets", args=(account,)), budgets(ledger)
    figures = AccountFigures(ledger, now_us=now_us(), cache=bill_cache, backlog=backlog)
    return tuple(
        _line(figures, each, account=account, end_href=f"{here}?what=end&budget={each.number}") for each in stored
    )


def _line(figures: AccountFigures, stored: StoredBudget, *, account: str, end_href: str) -> BudgetLine:
    budget, currency = stored.budget, _currency(figures.ledger)
    line = BudgetLine(
        scope=_scope(figures.ledger, budget),
        amount=amount_text(budget, budget.amount, currency=currency),
        per=budget.per.value,
        is_brake=budget.is_brake,
        end_href=end_href,
    )
    if figures.reader is None:
        return line
    used = figures.used(budget)
    is_reached = used >= budget.amount
    return replace(
        line,
        used=amount_text(budget, used, currency=currency) if used else "0",
        used_href=_sessions_href(figures, budget, account=account) if used else "",
        share=text.percent_text(float(used / budget.amount)).lstrip("+"),
        reached=_cached_reached(figures, stored, is_reached=is_reached),
        state_kind="" if not is_reached else "bad" if budget.is_brake else "warn",
    )


def _scope(ledger: "ReadableLedger", budget: Budget) -> str:
    if budget.scope is not BudgetScope.BOT or budget.name is None:
        return scope_text(budget)
    return f"{SCOPE_LABELS[budget.scope]} {names_of_bots(ledger)[budget.name]}"


def _cached_reached(figures: AccountFigures, stored: StoredBudget, *, is_reached: bool) -> str:
    # As for what is ahead on the first page: no session of a large cycle moves a forecast.
    minute = figures.now_us // 60_000_000
    is_large = figures.forecast is not None and figures.forecast.counted_count > EXACT_SESSIONS_MAX
    key = (
        figures.ledger.account.name,
        stored.number,
        is_reached,
        None if is_large else (figures.ledger.version, minute),
    )
    return _days.find_or_make(key, lambda: _reached(figures, stored.budget, is_reached=is_reached))


def _reached(figures: AccountFigures, budget: Budget, *, is_reached: bool) -> str:
    if figures.forecast is None and not is_reached:
        return ""
    on = figures.day_of(budget)
    if on is None:
        return f"Not in this {budget.per}"
    return text.day_text(on) if is_reached else f"Expected {text.day_text(on)}"


def _sessions_href(figures: AccountFigures, budget: Budget, *, account: str) -> str:
    if figures.bill is None:
        return ""
    cycle = figures.bill.account_cycle.cycle
    if budget.per is BudgetPer.CYCLE:
        named = {} if budget.name is None else {str(budget.scope): budget.name}
        query = urlencode({"funding": "charged", **named})
        return f"{reverse('cycle-sessions', args=(account, cycle.first_on.isoformat()))}?{query}"
    if not has_charges(figures.ledger, cache=bill_cache):
        return ""
    bounds = budget_span(budget, cycle=cycle, now_us=figures.now_us)
    first_on, last_on = (day_of_us(at_us, timezone=cycle.timezone) for at_us in (bounds[0], bounds[1] - 1))
    address = ReportAddress(timezone=cycle.timezone).between(first_on, last_on)
    if budget.name is not None:
        address = address.only(_FILTERS[budget.scope], budget.name)
    urls = ReportUrls(owner=account, entry_point=EntryPoint.BILLING)
    return urls.rows(address, charge=ChargeFilter.CHARGED)


def _currency(ledger: "ReadableLedger") -> str:
    terms = account_terms(ledger)
    return terms[-1].plan.currency if terms else ""
