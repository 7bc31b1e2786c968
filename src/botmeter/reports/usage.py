"""Session usage report."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from botmeter.domain.period import Period, month_last_on
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.counts import SplitCount, split
from botmeter.reports.data_days import DataDays, data_days, first_event_day
from botmeter.reports.facts import Facts, facts_of
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import (
    ReportBot,
    ReportChannel,
    ReportDay,
    ReportFilters,
    ReportMonth,
    UsageReport,
    report_period,
)
from botmeter.reports.snapshot import open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.policy import Schedule


def usage_report(ledger: "ReadableLedger", query: UsageQuery) -> UsageReport:
    """Compute the report of a query."""
    with open_snapshot(ledger) as snapshot:
        first_event_on = first_event_day(snapshot, timezone=query.period.timezone)
        facts, names = facts_of(snapshot, query), bot_names(snapshot)
    return report_of(ledger, query, facts=facts, names=names, days=data_days(query, first_event_on=first_event_on))


def report_of(
    ledger: "ReadableLedger", query: UsageQuery, *, facts: Facts, names: BotNames, days: DataDays
) -> UsageReport:
    """Build the report."""
    groups, tickets = facts.groups, facts.tickets
    counts = zip(query.period.days(), facts.session_days, tickets.of_day, strict=True)
    # A source whose clock is ahead can have sessions on days to come.
    trend = [ReportDay(on, *(of_day if days.has(on) or any(of_day) else (None, None))) for on, *of_day in counts]
    return UsageReport(
        account=ledger.account.name,
        policy=policies_in_force(ledger.schedule, query.period)[-1],
        period=report_period(query.period),
        filters=msgspec.convert(query.filters.as_mapping(), ReportFilters),
        sessions_consumed=int(groups.session_count.sum()),
        preview_count=int(groups.session_count[groups.is_preview].sum()),
        conversation_count=facts.conversation_count,
        ticket_count=tickets.ticket_count,
        trend=trend,
        by_bot=[
            ReportBot(
                bot_id=bot.key,
                bot_name=None if bot.key is None else names[bot.key],
                session_count=bot.session_count,
                opened_count=bot.opened_count,
            )
            for bot in sorted(split(groups, lambda touchpoint: touchpoint.bot_id), key=_most_first)
        ],
        by_channel=[
            ReportChannel(channel=one.key, session_count=one.session_count, opened_count=one.opened_count)
            for one in sorted(split(groups, lambda touchpoint: touchpoint.channel), key=_most_first)
        ],
        by_month=_months(query, trend),
        by_ticket_type=tickets.by_type,
    )


def policies_in_force(schedule: "Schedule", period: Period) -> tuple[str, ...]:
    """Policies in force during a period, in order."""
    # Policies begin at midnight UTC, so the last day in another zone can have two.
    last_us = period.end_us - 1
    started = [term for term in schedule if term.from_us <= last_us] or [schedule[0]]
    overtaken = sum(term.from_us <= period.start_us for term in started[1:])
    return tuple(term.policy.label for term in started[overtaken:])


def _most_first(one: SplitCount[str] | SplitCount[str | None]) -> tuple[int, bool, str]:
    return -one.session_count, one.key is None, one.key or ""


def _months(query: UsageQuery, trend: list[ReportDay]) -> list[ReportMonth]:
    return [
        ReportMonth(
            month=f"{year:04}-{month:02}",
            session_count=_sum_of(inside),
            is_partial=is_partial_month(query, date(year, month, 1)),
        )
        for (year, month), inside in groupby(trend, key=lambda day: (day.on.year, day.on.month))
    ]


def _sum_of(days: Iterable[ReportDay]) -> int | None:
    counts = [day.session_count for day in days if day.session_count is not None]
    return sum(counts) if counts else None


def is_partial_month(query: UsageQuery, first_on: date) -> bool:
    """Test for a month that is not over, or only partly in the query."""
    last_on = month_last_on(first_on)
    is_whole = query.period.first_on <= first_on and last_on <= query.period.last_on
    return not is_whole or (query.today_on is not None and query.today_on <= last_on)
