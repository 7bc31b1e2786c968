"""Admin → Billing with a plan."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.billing.account_bill import Bill, bill_of
from botmeter.billing.cycle_days import cycle_days
from botmeter.billing.day_counts import first_event_us_of
from botmeter.billing.next_statement import next_statement
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.domain import text
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.instant import now_us
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.billing.budgets import budgets
from botmeter.ledger.billing.purchases import StoredPurchase, purchases
from botmeter.metering.policy import in_force
from botmeter.people.rights import Right
from botmeter.reports.facts import ContactCounts, contact_counts
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.snapshot import open_snapshot
from botmeter.web.access import Visit
from botmeter.web.components import Cell, Column, Link, Tools
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.billing.bills import bill_cache, plans_of
from botmeter.web.pages.billing.cycle_ahead import Ahead, outlook
from botmeter.web.pages.billing.cycle_costs import CostSplit, advice_sentences, cost_splits
from botmeter.web.pages.billing.cycle_figures import CycleFigures, CycleHrefs, cycle_figures
from botmeter.web.pages.billing.cycle_forecast import (
    CycleChart,
    Threshold,
    cycle_chart_card,
    thresholds,
)
from botmeter.web.pages.billing.months import MonthsCard, months_card
from botmeter.web.pages.billing.plan_choice import PlanTerms, terms_in_words
from botmeter.web.pages.billing.purchases import COLUMNS as PURCHASE_COLUMNS
from botmeter.web.pages.billing.purchases import purchase_cells
from botmeter.web.pages.billing.statement_list import StatementLine, statement_lines
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.sections.cards import ImportsCard, ViewsCard, imports_card, views_card
from botmeter.web.pages.sections.usage import SectionContext
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import Split

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_PURCHASES_MAX: Final = 5
_STATEMENTS_MAX: Final = 6
# A body with its chart takes 200 KB.
_bodies: Final[BoundedCache[Hashable, "CycleBody"]] = BoundedCache(32 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """Plan in force, with the policy that counts its sessions."""

    label: str
    title: str
    terms: PlanTerms
    policy: str
    sentence: str
    counting_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleBody:
    """Part of the page that all readers share; `foreign` names policies that are not the account's own."""

    about: str
    figures: CycleFigures
    chart: CycleChart
    thresholds: tuple[Threshold, ...]
    advice: tuple[str, ...]
    splits: tuple[CostSplit, ...]
    plan: PlanCard
    foreign: str
    purchases: tuple[tuple[Cell, ...], ...]
    statements: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CyclePage:
    """Start page of Billing with a plan; `months` is None before the first event."""

    frame: Frame
    tabs: tuple[Link, ...]
    report: Link
    body: CycleBody
    tools: Tools
    purchase_columns: tuple[Column, ...]
    purchases_href: str
    buy: Link | None
    statements_href: str
    months: MonthsCard | None
    views: ViewsCard
    imports: ImportsCard | None


def cycle_page(visit: Visit, ledger: "ReadableLedger") -> HttpResponse:
    """Show the open cycle."""
    account, zone = visit.account, preferred_zone(visit.account)
    page_frame = frame(visit, title="Billing", current="billing")
    section = SectionContext(
        frame=page_frame, account=account, entry_point=EntryPoint.BILLING, split=Split.OPENED, zone=zone
    )
    minute_us = now_us() // 60_000_000 * 60_000_000
    version = (ledger.version, minute_us)
    body = _bodies.find_or_make(account, lambda: _body(ledger, account, now_us=minute_us), version=version)
    page = CyclePage(
        frame=page_frame,
        tabs=billing_tabs(account, current="billing"),
        report=Link(label="Session usage report", href=reverse("billing-report", args=(account,)), symbol="bill"),
        body=body,
        tools=Tools(chart_href="?", table_href="?table=cycle-sessions", is_table="table" in visit.request.GET),
        purchase_columns=PURCHASE_COLUMNS,
        purchases_href=reverse("billing-purchases", args=(account,)),
        buy=_buy(visit),
        statements_href=reverse("statements", args=(account,)),
        months=None if first_event_us_of(ledger, cache=bill_cache) is None else months_card(ledger, section),
        views=views_card(visit, EntryPoint.BILLING),
        imports=imports_card(visit, ledger, zone=zone),
    )
    return rendered(visit.request, "billing/cycle.html", page=page)


def _buy(visit: Visit) -> Link | None:
    href = reverse("billing-purchases", args=(visit.account,))
    return Link(label="Record a purchase", href=href) if visit.may(Right.CHANGE_BILLING) else None


def _body(ledger: "ReadableLedger", account: str, *, now_us: int) -> CycleBody:
    plans = plans_of(ledger)
    account_cycle = account_cycle_at(plans.terms, now_us)
    bill = bill_of(ledger, account_cycle, plans=plans, now_us=now_us, cache=bill_cache)
    cycle, urls = account_cycle.cycle, ReportUrls(owner=account, entry_point=EntryPoint.BILLING)
    is_first = cycle.start_us == plans.terms[0].from_us
    before = None if is_first else account_cycle_at(plans.terms, cycle.start_us - 1).cycle
    days = cycle_days(ledger, cycle, before=before, now_us=now_us, cache=bill_cache)
    ahead = (
        None
        if days.forecast is None
        else Ahead(bill=bill, forecast=days.forecast, carried=bill.carried_in, now_us=now_us)
    )
    own_budgets, stored = bill_cache.of_facts(ledger, budgets), bill_cache.of_facts(ledger, _purchases)
    seen = (
        None
        if ahead is None
        else outlook(ahead, account=account, version=(ledger.version, now_us), budgets=own_budgets)
    )
    hrefs = _hrefs(account, cycle.first_on)
    return CycleBody(
        about=_about(bill, days.today_on),
        figures=cycle_figures(
            bill.rated,
            forecast=days.forecast,
            cost=None if seen is None else seen.cost,
            hrefs=hrefs,
            following=next_statement(ledger, bill, plans=plans, cache=bill_cache),
        ),
        chart=cycle_chart_card(days, bill.rated, budgets=own_budgets, urls=urls),
        thresholds=(
            *thresholds(days, bill.rated, budgets=own_budgets),
            *(seen.thresholds if seen else ()),
        ),
        advice=advice_sentences(ledger, bill),
        splits=cost_splits(ledger, bill, hrefs=hrefs, contacts=_contacts(ledger, bill, now_us=now_us)),
        plan=_plan(ledger, bill, account=account, now_us=now_us),
        foreign=_foreign(ledger, bill, now_us=now_us),
        purchases=purchase_cells(stored, plans.terms)[:_PURCHASES_MAX],
        statements=statement_lines(ledger, account, now_us=now_us)[:_STATEMENTS_MAX],
    )


def _purchases(ledger: "ReadableLedger") -> list[StoredPurchase]:
    return purchases(ledger, with_reversed=True)


def _about(bill: Bill, today_on: date) -> str:
    cycle, plan = bill.rated.cycle, bill.rated.plan
    dates = text.days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on))
    number = (today_on - cycle.first_on).days + 1
    return f"Cycle {dates}, {cycle.timezone}, day {number} of {cycle.day_count}, under plan {plan.label}."


def _contacts(ledger: "ReadableLedger", bill: Bill, *, now_us: int) -> ContactCounts:
    cycle = bill.rated.cycle
    today_on = day_of_us(now_us, timezone=cycle.timezone)
    days = RequestedDays(first_on=cycle.first_on, last_on=min(cycle.last_on, today_on), timezone=cycle.timezone)
    with open_snapshot(ledger) as snapshot:
        return contact_counts(snapshot, usage_query(ledger.account, now_us=now_us, days=days))


def _hrefs(account: str, first_on: date) -> CycleHrefs:
    cycle = (account, first_on.isoformat())
    return CycleHrefs(sessions=reverse("cycle-sessions", args=cycle), statement=reverse("cycle-statement", args=cycle))


def _plan(ledger: "ReadableLedger", bill: Bill, *, account: str, now_us: int) -> PlanCard:
    plan = bill.rated.plan
    policy = in_force(ledger.schedule, at_us=now_us).policy
    return PlanCard(
        label=plan.label,
        title=plan.title,
        terms=terms_in_words(plan),
        policy=policy.label,
        sentence=policy_sentence(policy),
        counting_href=reverse("counting", args=(account,)),
    )


def _foreign(ledger: "ReadableLedger", bill: Bill, *, now_us: int) -> str:
    own = in_force(ledger.schedule, at_us=now_us).policy.label
    term = bill.account_cycle.terms[-1]
    labels = sorted({policy.label for policies in term.policies for policy in policies} - {own})
    if not labels:
        return ""
    return (
        f"The plan counts sessions by {' and '.join(labels)}, the report by {own}. "
        "Sessions on this page and on statements are those of the plan."
    )
