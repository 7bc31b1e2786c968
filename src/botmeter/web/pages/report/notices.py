"""Notices above a report."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from botmeter.domain import text
from botmeter.ledger.imports import sample_imports
from botmeter.web.components import Link
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.question import Question
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Notice above a report."""

    fact: str
    consequence: str = ""
    kind: Literal["info", "warn", "bad", "ok"] = "info"
    action: Link | None = None


def notices(context: WidgetContext, *, title: str) -> tuple[Notice, ...]:
    """Notices, the most important first."""
    candidates = (
        _no_sessions(context),
        _reversed_days(context.question),
        _moved_period(context.question, title=title),
        _other_zone(context),
        _several_policies(context.overview.policies),
    )
    return tuple(notice for notice in candidates if notice is not None)


def sample_notices(ledger: "ReadableLedger", *, href: str) -> tuple[Notice, ...]:
    """Say that the account has sample data, if so."""
    if not sample_imports(ledger):
        return ()
    action = Link(label="Remove sample data", href=href) if href else None
    return (
        Notice(
            fact="This report has sample data.",
            consequence="Its customers and conversations are made up.",
            kind="warn",
            action=action,
        ),
    )


def _no_sessions(context: WidgetContext) -> Notice | None:
    question = context.question
    if context.report.sessions_consumed:
        return None
    if question.address.has_filters:
        return Notice(
            fact="No sessions match these filters.",
            consequence="No session in this period matches all of them.",
            action=_suggestion(context, "Clear filters", address=question.address.cleared()),
        )
    return Notice(
        fact="No sessions in this period.",
        consequence="Choose another period.",
        action=_latest_data(context),
    )


def _latest_data(context: WidgetContext) -> Link | None:
    latest_us = context.overview.recency.latest_event_us
    if latest_us is None:
        return None
    last_on = text.in_zone(latest_us, context.question.zone).date()
    address = context.address.between(last_on - timedelta(days=29), last_on)
    return _suggestion(context, "Show latest data", address=address)


def _suggestion(context: WidgetContext, label: str, *, address: ReportAddress) -> Link | None:
    if not context.access.allows(Fact.SUGGESTIONS):
        return None
    return Link(label=label, href=context.urls.report(address))


def _reversed_days(question: Question) -> Notice | None:
    if not question.address.was_reversed:
        return None
    return Notice(
        fact="The dates were in reverse order.",
        consequence=f"The report shows {text.days_text(question.query.period)}.",
    )


def _moved_period(question: Question, *, title: str) -> Notice | None:
    moved_from = question.query.moved_from
    if moved_from is None:
        return None
    start = text.day_text(question.query.period.first_on)
    return Notice(
        fact=f"{title} has data from {start}.",
        consequence=f"The requested period starts on {text.day_text(moved_from)}; the report is shown from {start}.",
    )


def _other_zone(context: WidgetContext) -> Notice | None:
    question = context.question
    if question.zone == "UTC":
        return None
    return Notice(
        fact=f"Days are in {question.zone}.",
        consequence="Sessions are charged by UTC day and month, so single days can differ from the bill.",
        action=_suggestion(context, "Show in UTC", address=replace(question.address, timezone="UTC")),
    )


def _several_policies(policies: tuple[str, ...]) -> Notice | None:
    if len(policies) < 2:
        return None
    names = " and ".join([", ".join(policies[:-1]), policies[-1]])
    return Notice(
        fact=f"{len(policies)} policies were in force in this period.",
        consequence=f"Each session counts under the policy in force when it opened: {names}.",
    )
