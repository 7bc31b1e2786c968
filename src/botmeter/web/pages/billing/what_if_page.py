"""Admin → Billing → What if."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.billing.rated import RatedCycle
from botmeter.domain.money_text import change_in_money, money_text
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.billing.statement_tables import (
    LINE_COLUMNS,
    USAGE_COLUMNS,
    rated_line_cells,
    rated_totals,
    rated_usage_cells,
)
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.pages.billing.what_if_case import Comparison, WhatIfForm, name_of, what_if_case
from botmeter.web.pages.billing.what_if_differences import Differences, differences
from botmeter.web.rendering import rendered

OTHER: Final = "other"
"""Start of the ids of the other plan's lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Cycle under one plan; `anchors` start the ids of its lines."""

    title: str
    plan: str
    href: str
    link: str
    lines: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[str, str], ...]
    usage: tuple[tuple[Cell, ...], ...]
    anchors: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfPage:
    """Both sides and their differences, empty without a choice; `answer` compares them."""

    frame: Frame
    tabs: tuple[Link, ...]
    form: WhatIfForm
    dates: str
    answer: str
    differences: Differences | None
    sides: tuple[Side, ...]
    line_columns: tuple[Column, ...]
    usage_columns: tuple[Column, ...]


@for_member(Right.SEE_MONEY)
def what_if_page(visit: Visit) -> HttpResponse:
    """Show a cycle under the account's plan and another one."""
    with visit.reading() as ledger:
        case = what_if_case(visit, ledger)
    compared = case.comparison
    page = WhatIfPage(
        tabs=billing_tabs(visit.account, current="billing-what-if"),
        frame=frame(visit, title="What if", current="billing", crumbs=section_links(visit.account, "billing")),
        form=case.form,
        dates=name_of(case.account_cycle),
        answer="" if compared is None else _answer(compared.bill.rated, compared.effect.rated),
        differences=None if compared is None else differences(compared, anchors=OTHER),
        sides=() if compared is None else _sides(visit, compared),
        line_columns=LINE_COLUMNS,
        usage_columns=USAGE_COLUMNS,
    )
    return rendered(visit.request, "billing/what_if.html", page=page)


def _sides(visit: Visit, compared: Comparison) -> tuple[Side, ...]:
    own, other = compared.bill.rated, compared.effect.rated
    is_same = compared.has_same_sessions
    return (
        Side(
            title="As it was",
            plan=own.plan.label,
            href=compared.statement_href,
            link="Its lines and sessions",
            lines=rated_line_cells(own),
            totals=rated_totals(own),
            usage=rated_usage_cells(own, href_of=compared.own_sessions_href),
            anchors="own",
        ),
        Side(
            title="Under the other plan",
            plan=other.plan.label,
            href=f"{reverse('billing-plan', args=(visit.account,))}?{visit.request.GET.urlencode()}",
            link="Terms of this plan",
            lines=rated_line_cells(other),
            totals=rated_totals(other),
            usage=rated_usage_cells(
                other, href_of=(lambda kind: compared.sessions_href(would=kind)) if is_same else None
            ),
            anchors=OTHER,
            note=compared.effect.note,
        ),
    )


def _answer(own: RatedCycle, other: RatedCycle) -> str:
    before, after = (money_text(each.total, each.plan.currency) for each in (own, other))
    if own.plan.currency != other.plan.currency:
        return f"{after} under {other.plan.label}, {before} under {own.plan.label}."
    difference: Decimal = other.total - own.total
    if not difference:
        return f"{after} under both plans."
    return f"{after} instead of {before}: {change_in_money(difference, own.plan.currency)}."
