"""Admin → Billing → Budgets."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_facts import account_terms
from botmeter.billing.budget_sentences import SCOPE_LABELS, amount_text, budget_text, scope_text
from botmeter.billing.budget_use import BudgetUse, account_budget_uses
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.domain import text
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.instant import now_us
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
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.bills import bill_cache
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.rendering import rendered
from botmeter.web.report_address import number_named

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_UNITS: Final = {BudgetUnit.MONEY: "money", BudgetUnit.SESSIONS: "sessions"}
_TIMES: Final = {BudgetPer.CYCLE: "cycle", BudgetPer.MONTH: "calendar month"}


class BudgetForm(forms.Form):
    """A new budget."""

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
    """A budget with what is used of it."""

    scope: str
    amount: str
    per: str
    is_brake: bool
    used: str = ""
    used_href: str = ""
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
        with form_errors(form, fields={"budget_exists": "amount"}):
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
        lines = _lines(ledger, account=visit.account)
    page = BudgetsPage(
        tabs=billing_tabs(visit.account, current="billing-budgets"),
        frame=frame(visit, title="Budgets", current="billing", crumbs=section_links(visit.account, "billing")),
        budgets=lines,
        may_change=may_change,
        form=form if may_change else None,
    )
    return rendered(visit.request, "billing/budgets.html", page=page, status=400 if form.errors else 200)


def _lines(ledger: "ReadableLedger", *, account: str) -> tuple[BudgetLine, ...]:
    currency, here, stored = _currency(ledger), reverse("billing-budgets", args=(account,)), budgets(ledger)
    uses = account_budget_uses(ledger, stored, now_us=now_us(), cache=bill_cache)
    return tuple(
        replace(
            _line(each, uses.get(each.number), currency=currency, end_href=f"{here}?what=end&budget={each.number}"),
            used_href=_sessions_href(ledger, account, budget=each.budget),
        )
        for each in stored
    )


def _sessions_href(ledger: "ReadableLedger", account: str, *, budget: Budget) -> str:
    """Address of the sessions of a budget in the open cycle; empty for one per month, which can have parts of two."""
    terms, present_us = account_terms(ledger), now_us()
    if budget.per is not BudgetPer.CYCLE or not terms or present_us < terms[0].from_us:
        return ""
    day = account_cycle_at(terms, present_us).cycle.first_on.isoformat()
    query = "" if budget.name is None else f"?{urlencode({str(budget.scope): budget.name})}"
    return reverse("cycle-sessions", args=(account, day)) + query


def _line(stored: StoredBudget, use: BudgetUse | None, *, currency: str, end_href: str) -> BudgetLine:
    budget, used, share = stored.budget, "", ""
    if use is not None:
        used = amount_text(budget, use.used, currency=currency) if use.used else "0"
        share = text.percent_text(float(use.used / budget.amount)).lstrip("+")
    return BudgetLine(
        scope=scope_text(budget),
        amount=amount_text(budget, budget.amount, currency=currency),
        per=_TIMES[budget.per],
        is_brake=budget.is_brake,
        used=used,
        reached="Reached" if use is not None and use.is_reached else share,
        state_kind="" if use is None or not use.is_reached else "bad" if budget.is_brake else "warn",
        end_href=end_href,
    )


def _currency(ledger: "ReadableLedger") -> str:
    terms = account_terms(ledger)
    return terms[-1].plan.currency if terms else ""
