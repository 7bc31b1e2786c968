"""Admin → Billing without a plan."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import reverse

from botmeter.billing.account_bill import account_plans
from botmeter.billing.plan_terms import PlanTerm
from botmeter.billing.shipped_plans import shipped_plans
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.event_rows import has_events
from botmeter.metering.policy import in_force
from botmeter.people.rights import Right
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.billing.bills import bill_cache
from botmeter.web.pages.billing.cycle_page import cycle_page
from botmeter.web.pages.billing.months import MonthsCard, months_card
from botmeter.web.pages.billing.plan_choice import plan_label
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.sections.cards import ImportsCard, ViewsCard, imports_card, views_card
from botmeter.web.pages.sections.usage import MonthToDate, SectionContext, month_to_date
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import Split

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingCard:
    """Policy in force."""

    policy: str
    sentence: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOffer:
    """Published plans; empty for those who may not set any."""

    sentence: str
    plans: tuple[Link, ...]
    own: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPage:
    """Start page of Billing; `month` and `months` are None before the first event."""

    frame: Frame
    report: Link
    bills: Link
    offer: PlanOffer
    month: MonthToDate | None
    months: MonthsCard | None
    counting: CountingCard
    views: ViewsCard
    imports: ImportsCard | None


@for_member(Right.SEE_BILLING)
def billing(visit: Visit) -> HttpResponse:
    """Show the page."""
    page_frame, zone = frame(visit, title="Billing", current="billing"), preferred_zone(visit.account)
    # Each session counts for the bot that opened it, so that the bots add up to the bill.
    section = SectionContext(
        frame=page_frame, account=visit.account, entry_point=EntryPoint.BILLING, split=Split.OPENED, zone=zone
    )
    views = views_card(visit, EntryPoint.BILLING)
    with visit.reading() as ledger, ledger.one_read():
        plans = account_plans(ledger, cache=bill_cache)
        terms = () if plans is None else plans.terms
        if terms and terms[0].from_us <= now_us():
            return cycle_page(visit, ledger)
        is_filled = has_events(ledger)
        page = BillingPage(
            frame=page_frame,
            report=Link(
                label="Session usage report", href=reverse("billing-report", args=(visit.account,)), symbol="bill"
            ),
            offer=_offer(visit, terms),
            bills=Link(label="Check a bill", href=reverse("bills", args=(visit.account,)), symbol="check"),
            month=month_to_date(ledger, section) if is_filled else None,
            months=months_card(ledger, section) if is_filled else None,
            counting=_counting(visit, ledger),
            views=views,
            imports=imports_card(visit, ledger, zone=zone),
        )
    return rendered(visit.request, "billing/overview.html", page=page)


def _offer(visit: Visit, terms: tuple[PlanTerm, ...]) -> PlanOffer:
    here, may_change = reverse("billing-plan", args=(visit.account,)), visit.may(Right.CHANGE_BILLING)
    sentence = "Choose a plan to see what sessions cost, what is left, and what the cycle will cost at its end."
    if terms:
        on = text.day_text(day_of_us(terms[0].from_us, timezone=terms[0].plan.cycle.timezone))
        sentence = f"Plan {terms[0].plan.label} begins on {on}. Costs appear here from then on."
    elif not may_change:
        sentence = "This account has no plan. Owners and billing admins set one."
    return PlanOffer(
        sentence=sentence,
        plans=tuple(Link(label=plan_label(each.plan), href=f"{here}?plan={each.plan.name}") for each in shipped_plans())
        if may_change and not terms
        else (),
        own=Link(label="Own plan" if not terms else "Plans", href=here) if may_change else None,
    )


def _counting(visit: Visit, ledger: "ReadableLedger") -> CountingCard:
    term = in_force(ledger.schedule, at_us=now_us())
    return CountingCard(
        policy=term.policy.label,
        sentence=policy_sentence(term.policy),
        href=reverse("counting", args=(visit.account,)),
    )
