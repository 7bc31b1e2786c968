"""Headline figures: sessions, conversations, tickets and averages."""

from dataclasses import dataclass, replace

from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.reports.query import UsageQuery
from botmeter.web.components import Link
from botmeter.web.pages.report.answered import Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A figure with its change; `number` is None unless a count."""

    label: str
    value: str
    number: int | None = None
    href: str = ""
    change: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Sessions with a sparkline, and further figures."""

    sessions: Kpi
    notes: tuple[Link, ...]
    spark: Chart
    others: tuple[Kpi, ...]


def headline(answered: Answered, *, spark: Chart) -> Headline:
    """Build the period's figures with changes."""
    report, before = answered.report, answered.compared
    address, urls = answered.address, answered.urls
    previews = replace(address.filters, preview=True)
    sessions = _counted(
        "Sessions consumed",
        report.sessions_consumed,
        before=None if before is None else before.sessions_consumed,
        href=urls.rows(address),
    )
    return Headline(
        sessions=sessions,
        notes=(
            Link(
                label=f"of which preview {text.count_text(report.preview_count)}",
                href=urls.rows(replace(address, filters=previews)) if report.preview_count else "",
            ),
        ),
        spark=spark,
        others=_others(answered),
    )


def _others(answered: Answered) -> tuple[Kpi, ...]:
    report, before = answered.report, answered.compared
    address, urls = answered.address, answered.urls
    day_count = _day_count(answered.question.query)
    return (
        _counted(
            "Conversations",
            report.conversation_count,
            before=None if before is None else before.conversation_count,
            href=urls.rows(address, group="conversation"),
        ),
        _counted(
            "Tickets",
            report.ticket_count,
            before=None if before is None else before.ticket_count,
            href=urls.rows(address, sort="-tickets"),
        ),
        _ratio(
            "Conv. per session",
            (report.conversation_count, report.sessions_consumed),
            before=None if before is None else (before.conversation_count, before.sessions_consumed),
        ),
        _ratio(
            "Sessions per day",
            (report.sessions_consumed, day_count),
            before=None if before is None else (before.sessions_consumed, before.period.day_count),
            decimals=0 if report.sessions_consumed >= 100 * day_count else 1,
        ),
    )


def _day_count(query: UsageQuery) -> int:
    last_on = query.period.last_on if query.today_on is None else min(query.period.last_on, query.today_on)
    return max(1, (last_on - query.period.first_on).days + 1)


def _counted(label: str, count: int, *, before: int | None, href: str) -> Kpi:
    change = "" if before is None else text.change_text(count, before=before)
    earlier = "" if before is None else f"from {text.count_text(before)}"
    return Kpi(
        label=label,
        value=text.count_text(count),
        number=count,
        href=href if count else "",
        change=change,
        before=earlier,
    )


def _ratio(label: str, now: tuple[int, int], *, before: tuple[int, int] | None, decimals: int = 2) -> Kpi:
    value = text.ratio_text(*now, decimals=decimals)
    if before is None or not before[1] or not now[1]:
        return Kpi(label=label, value=value)
    change = text.signed(now[0] / now[1] - before[0] / before[1], decimals=decimals)
    return Kpi(label=label, value=value, change=change, before=f"from {text.ratio_text(*before, decimals=decimals)}")
