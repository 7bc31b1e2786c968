"""Report with totals of the period that it is compared with."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from botmeter.domain.instant import text_from_us
from botmeter.domain.period import Period
from botmeter.reports.compared_period import Compare, Comparison, compared_query
from botmeter.reports.overview import Overview, overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import ReportComparison, UsageReport, report_period
from botmeter.reports.usage import usage_report

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def compared_report(ledger: "ReadableLedger", query: UsageQuery, *, comparison: Comparison, now_us: int) -> UsageReport:
    """Compute the report and, unless the choice is NONE, its comparison at one moment."""
    if comparison.choice is Compare.NONE:
        return usage_report(ledger, query)
    compared = compared_query(query, account=ledger.account, comparison=comparison, now_us=now_us)
    answer = overview(ledger, query, compared=compared)
    return replace(answer.report, comparison=_comparison(answer, compared, choice=comparison.effective(query)))


def _comparison(answer: Overview, compared: UsageQuery | None, *, choice: Compare) -> ReportComparison | None:
    before, days = answer.compared, answer.compared_days
    if compared is None or before is None or days is None:
        return None
    period = Period(first_on=days.first_on, last_on=days.last_on, timezone=compared.period.timezone)
    change, per_day = answer.session_change, answer.session_change_per_day
    return ReportComparison(
        choice=choice,
        period=report_period(period),
        until=None if compared.until_us is None else text_from_us(compared.until_us),
        data_day_count=days.data_day_count,
        sessions_consumed=before.sessions_consumed,
        preview_count=before.preview_count,
        conversation_count=before.conversation_count,
        ticket_count=before.ticket_count,
        change_percent=None if change is None else round(100 * change, 1),
        change_per_day_percent=None if per_day is None else round(100 * per_day, 1),
    )
