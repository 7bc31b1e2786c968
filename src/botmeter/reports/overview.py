"""Numbers of the report page, all of one moment."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from botmeter.domain.period import day_of_us
from botmeter.reports.bot_names import bot_names
from botmeter.reports.counts import split
from botmeter.reports.data_days import DataDays, data_days
from botmeter.reports.facts import Facts, facts_of
from botmeter.reports.hours import HourCount, hours_of_days
from botmeter.reports.query import UsageQuery
from botmeter.reports.recency import Recency, recency_of
from botmeter.reports.report_json import UsageReport
from botmeter.reports.snapshot import open_snapshot
from botmeter.reports.usage import policies_in_force, report_of

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """Sessions of one bot (None: no bot) on one channel, and those opened there."""

    bot_id: str | None
    channel: str
    session_count: int
    opened_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Report and its page's other numbers.

    Attributes:
        policies: All in force, in order.
        matrix: Cells with a session, in the report's order.
        ticket_trend: By day of the period; a ticket with two types is in both.
        first_event_on: Before it there is no data.
        compared: None without data.
        hours, compared_hours: Empty unless they were requested.
    """

    report: UsageReport
    days: DataDays
    compared: UsageReport | None
    compared_days: DataDays | None
    policies: tuple[str, ...]
    matrix: tuple[MatrixCell, ...]
    ticket_trend: dict[str, list[int]]
    recency: Recency
    first_event_on: date | None
    hours: tuple[HourCount, ...] = ()
    compared_hours: tuple[HourCount, ...] = ()

    @property
    def comparable(self) -> UsageReport | None:
        """Compared report, if all days of both periods have data."""
        before_days = self.compared_days
        return self.compared if before_days is not None and before_days.is_complete and self.days.is_complete else None

    @property
    def session_change(self) -> float | None:
        """Relative change in sessions; None if not comparable, or of none."""
        before = None if self.comparable is None else self.comparable.sessions_consumed
        return self.report.sessions_consumed / before - 1 if before else None

    @property
    def session_change_per_day(self) -> float | None:
        """Relative change in sessions per day."""
        if self.session_change is None or self.compared_days is None or not self.days.data_day_count:
            return None
        return (self.session_change + 1) * self.compared_days.data_day_count / self.days.data_day_count - 1


def overview(
    ledger: "ReadableLedger", query: UsageQuery, *, compared: UsageQuery | None, has_hours: bool = False
) -> Overview:
    """Answer a query and its compared query at one moment."""
    with open_snapshot(ledger) as snapshot:
        facts, names, new = facts_of(snapshot, query), bot_names(snapshot), recency_of(snapshot)
        first_us = new.first_event_us
        first_on = None if first_us is None else day_of_us(first_us, timezone=query.period.timezone)
        days, before, before_days = data_days(query, first_event_on=first_on), None, None
        if compared is not None:
            before_days = data_days(compared, first_event_on=first_on)
            if before_days.data_day_count:
                before = report_of(ledger, compared, facts=facts_of(snapshot, compared), names=names, days=before_days)
        hours = [hours_of_days(snapshot, one) if one and has_hours else () for one in (query, compared)]
    report = report_of(ledger, query, facts=facts, names=names, days=days)
    return Overview(
        report=report,
        days=days,
        compared=before,
        compared_days=before_days,
        policies=policies_in_force(ledger.schedule, query.period),
        matrix=_matrix(facts, report),
        ticket_trend=facts.tickets.of_day_by_type,
        recency=new,
        first_event_on=first_on,
        hours=hours[0],
        compared_hours=hours[1],
    )


def _matrix(facts: Facts, report: UsageReport) -> tuple[MatrixCell, ...]:
    row_of = {bot.bot_id: row for row, bot in enumerate(report.by_bot)}
    column_of = {one.channel: column for column, one in enumerate(report.by_channel)}
    cells = [
        MatrixCell(
            bot_id=one.key[0], channel=one.key[1], session_count=one.session_count, opened_count=one.opened_count
        )
        for one in split(facts.groups, lambda touchpoint: (touchpoint.bot_id, touchpoint.channel))
    ]
    return tuple(sorted(cells, key=lambda cell: (row_of[cell.bot_id], column_of[cell.channel])))
