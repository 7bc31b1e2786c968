"""Notices above a report: a moved period, another time zone, no sessions."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from botmeter.domain import text
from botmeter.reports.filters import NO_FILTERS
from botmeter.reports.overview import Overview
from botmeter.web.components import Link
from botmeter.web.pages.report.answered import Answered
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.question import Question
from botmeter.web.report_query import ReportAddress

Kind = Literal["info", "warn", "bad", "ok"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A fact, its consequence and an optional action."""

    fact: str
    consequence: str = ""
    kind: Kind = "info"
    action: Link | None = None


def notices(answered: Answered, *, title: str) -> tuple[Notice, ...]:
    """Return notices, the most important first."""
    found = [
        _nothing(answered),
        _moved(answered.question, title=title),
        _zone(answered),
        _policies(answered.overview),
    ]
    return tuple(notice for notice in found if notice is not None)


def _nothing(answered: Answered) -> Notice | None:
    question = answered.question
    if answered.report.sessions_consumed:
        return None
    if question.query.filters != NO_FILTERS:
        return Notice(
            fact="No sessions match these filters.",
            consequence="No session in this period matches all of them.",
            action=_suggestion(answered, "Clear filters", address=question.address.cleared()),
        )
    return Notice(
        fact="No sessions in this period.",
        consequence="Choose another period.",
        action=_where_data_is(answered),
    )


def _where_data_is(answered: Answered) -> Link | None:
    latest_us = answered.overview.recency.latest_event_us
    if latest_us is None:
        return None
    last_on = text.in_zone(latest_us, answered.question.zone).date()
    address = replace(answered.address, preset=None, days=(last_on - timedelta(days=29), last_on))
    return _suggestion(answered, "Show latest data", address=address)


def _suggestion(answered: Answered, label: str, *, address: ReportAddress) -> Link | None:
    if not answered.access.allows(Fact.SUGGESTIONS):
        return None
    return Link(label=label, href=answered.urls.report(address))


def _moved(question: Question, *, title: str) -> Notice | None:
    moved_from = question.query.moved_from
    if moved_from is None:
        return None
    starts = text.day_text(question.query.period.first_on)
    return Notice(
        fact=f"{title} has data from {starts}.",
        consequence=f"The requested period starts on {text.day_text(moved_from)}; the report is shown from {starts}.",
    )


def _zone(answered: Answered) -> Notice | None:
    question = answered.question
    if question.zone == "UTC":
        return None
    return Notice(
        fact=f"Days are in {question.zone}.",
        consequence="Sessions are charged by UTC day and month, so single days can differ from the bill.",
        action=_suggestion(answered, "Show in UTC", address=replace(question.address, timezone="UTC")),
    )


def _policies(overview: Overview) -> Notice | None:
    policies = overview.policies
    if len(policies) < 2:
        return None
    names = " and ".join([", ".join(policies[:-1]), policies[-1]])
    return Notice(
        fact=f"{len(policies)} policies were in force in this period.",
        consequence=f"Each session counts under the policy in force when it opened: {names}.",
    )
