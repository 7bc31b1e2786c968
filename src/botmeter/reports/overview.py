"""The numbers of the report page, all of one moment."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from botmeter.domain.period import day_of_us
from botmeter.reports.bot_names import bot_names
from botmeter.reports.counts import split
from botmeter.reports.facts import Facts, facts_of
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
    """A report and its page's other numbers.

    Attributes:
        policies: All in force, in order.
        matrix: Cells with a session, in the report's order.
        ticket_trend: Distinct tickets of each type, by day of the period; a ticket with two types is in both.
        first_event_on: Before it there is no data.
    """

    report: UsageReport
    compared: UsageReport | None
    policies: tuple[str, ...]
    matrix: tuple[MatrixCell, ...]
    ticket_trend: dict[str, list[int]]
    recency: Recency
    first_event_on: date | None


def overview(ledger: "ReadableLedger", query: UsageQuery, *, compared: UsageQuery | None) -> Overview:
    """Answer a query and its compared query at one moment."""
    with open_snapshot(ledger) as snapshot:
        facts, names, new = facts_of(snapshot, query), bot_names(snapshot), recency_of(snapshot)
        before = None
        if compared is not None:
            before = report_of(ledger, compared, facts=facts_of(snapshot, compared), names=names)
    report = report_of(ledger, query, facts=facts, names=names)
    first_us = new.first_event_us
    return Overview(
        report=report,
        compared=before,
        policies=policies_in_force(ledger.schedule, query.period),
        matrix=_matrix(facts, report),
        ticket_trend=facts.tickets.of_day_by_type,
        recency=new,
        first_event_on=None if first_us is None else day_of_us(first_us, timezone=query.period.timezone),
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
