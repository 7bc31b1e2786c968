"""Counting of sessions under the account's policies, explained."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.account.policy_text import PolicyTerm, policy_terms
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingPage:
    """Counting rules."""

    frame: Frame
    sentence: str
    data_since: str
    policies: tuple[PolicyTerm, ...]
    settings_href: str


@for_member(Right.SEE_REPORTS)
def counting(visit: Visit) -> HttpResponse:
    """Show the counting rules."""
    with visit.reading() as ledger:
        policies = policy_terms(ledger.schedule, now_us=now_us())
        data_since = text.day_text(ledger.account.available_from)
    crumbs = section_links(visit.account, "reports")
    page = CountingPage(
        frame=frame(visit, title="How sessions are counted", current="reports", crumbs=crumbs),
        sentence=next(term.sentence for term in policies if term.is_in_force),
        data_since=data_since,
        policies=policies,
        settings_href=reverse("settings", args=(visit.account,)) if visit.may(Right.CHANGE_SETTINGS) else "",
    )
    return rendered(visit.request, "counting.html", page=page)
