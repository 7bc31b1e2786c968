"""Admin → Billing → Statements."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_plans import CycleState
from botmeter.billing.account_statements import ListedStatement, listed_statements
from botmeter.domain import text
from botmeter.domain.instant import DAY_US, now_us
from botmeter.domain.money_text import money_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.plan_terms import GRACE_DAYS_MAX, grace_days, set_grace_days
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.bills import bill_cache
from botmeter.web.pages.billing.statement_tables import cycle_name
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.rendering import rendered

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

STATE_WORDS: Final = {
    CycleState.OPEN: ("Open", "acc"),
    CycleState.IN_GRACE: ("Preliminary", "warn"),
    CycleState.DUE: ("Closing", "warn"),
    CycleState.PRELIMINARY: ("Preliminary", "warn"),
    CycleState.CLOSED: ("Closed", "ok"),
}


class GraceForm(forms.Form):
    """Days between a cycle's end and its closing."""

    grace_days = forms.IntegerField(
        label="Days after the end of a cycle",
        min_value=0,
        max_value=GRACE_DAYS_MAX,
        help_text="Until then, late events change the preliminary statement.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """Statement, or a cycle without one."""

    cycle: str
    href: str
    number: str
    state: str
    kind: str
    note: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsPage:
    """Statements, newest first; `form` is None for those who may not change the grace period."""

    frame: Frame
    tabs: tuple[Link, ...]
    grace: str
    zone: str
    lines: tuple[StatementLine, ...]
    form: GraceForm | None


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def statements_page(visit: Visit) -> HttpResponse:
    """List the statements; set the grace period on POST."""
    with visit.reading() as ledger:
        days = grace_days(ledger)
        lines = statement_lines(ledger, visit.account, now_us=now_us())
    posted = visit.request.POST if visit.request.method == "POST" else None
    form = GraceForm(posted, initial={"grace_days": days})
    if form.is_valid():
        add_notice(visit.request, _save_grace(visit, form.cleaned_data, before=days))
        return redirect("statements", visit.account)
    page = StatementsPage(
        tabs=billing_tabs(visit.account, current="statements"),
        frame=frame(visit, title="Statements", current="billing", crumbs=section_links(visit.account, "billing")),
        grace=text.counted(days, "day"),
        zone="",
        lines=lines,
        form=form if visit.may(Right.CHANGE_BILLING) else None,
    )
    return rendered(visit.request, "billing/statements.html", page=page, status=400 if form.errors else 200)


def statement_lines(ledger: "ReadableLedger", account: str, *, now_us: int) -> tuple[StatementLine, ...]:
    """List statements and cycles, newest first."""
    listed = sorted(
        listed_statements(ledger, now_us=now_us, cache=bill_cache), key=lambda each: each.cycle.start_us, reverse=True
    )
    grace_us = bill_cache.of_facts(ledger, grace_days) * DAY_US
    return tuple(_line(each, account, grace_us=grace_us) for each in listed)


def _line(each: ListedStatement, account: str, *, grace_us: int) -> StatementLine:
    label, kind = STATE_WORDS[each.state]
    cycle = each.cycle
    if each.number is None:
        href = reverse("cycle-statement", args=(account, cycle.first_on.isoformat()))
    else:
        href = reverse("statement", args=(account, each.number))
    return StatementLine(
        cycle=cycle_name(cycle.first_on, cycle.last_on),
        href=href,
        number=each.number or "",
        state=label,
        kind=kind,
        note=_note(each, closes_us=cycle.end_us + grace_us),
        total="" if each.total is None else money_text(Decimal(each.total), each.currency),
    )


def _note(each: ListedStatement, *, closes_us: int) -> str:
    match each.state:
        case CycleState.IN_GRACE:
            return f"until {text.day_text(day_of_us(closes_us, timezone=each.cycle.timezone))}"
        case CycleState.PRELIMINARY:
            return "until it is closed by hand"
        case CycleState.CLOSED if each.adjusted_by:
            return f"adjusted by {' and '.join(each.adjusted_by)}"
        case _:
            return ""


def _save_grace(visit: Visit, values: dict[str, Any], *, before: int) -> Notice:
    after = values["grace_days"]
    if after == before:
        return Notice(fact="No changes.", kind="info")
    with visit.writing() as ledger:
        set_grace_days(ledger, after, now_us=now_us(), by=visit.user.email)
    visit.record(Action.SETTING_CHANGED, setting="grace_days", before=before, after=after)
    return Notice(fact=f"Grace period: {text.counted(after, 'day')}.", consequence="Closed statements stay closed.")
