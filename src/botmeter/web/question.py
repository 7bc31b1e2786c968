"""Question of a report's URL."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from botmeter.domain import text
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import checked_timezone, day_of_us
from botmeter.people.models import AccountPreference
from botmeter.reports.compared_period import NO_COMPARISON, Compare, Comparison, compared_day, compared_query
from botmeter.reports.query import RequestedDays, UsageQuery, data_starts_on, usage_query
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Question of a report page.

    Attributes:
        compared: None without a comparison.
        comparison: Choice; its days follow `applied`.
        now_us: Present minute, µs UTC.
    """

    address: ReportAddress
    query: UsageQuery
    compared: UsageQuery | None
    now_us: int
    available_from: date
    comparison: Comparison = NO_COMPARISON

    @property
    def applied(self) -> Compare:
        return self.comparison.effective(self.query)

    def compared_day(self, on: date) -> date | None:
        """Day that is set beside a day of the period."""
        if self.compared is None:
            return None
        return compared_day(on, query=self.query, compared=self.compared, choice=self.applied)

    @property
    def dated_address(self) -> ReportAddress:
        """Address of the same days and compared days, whenever it is opened."""
        period, compared, unit_months = self.query.period, self.compared, self.comparison.months_of(self.query)
        dated = self.address.between(self.query.moved_from or period.first_on, period.last_on)
        for choice in (Compare.AUTOMATIC, self.applied):
            by_dates = replace(
                self.comparison, choice=choice, unit_months=None, days=dated.against(choice).compare_days
            )
            if (by_dates.effective(self.query), by_dates.months_of(self.query)) == (self.applied, unit_months):
                return dated.against(choice)
        if compared is None:
            return dated.against(self.applied)
        days = (compared.moved_from or compared.period.first_on, compared.period.last_on)
        return replace(dated, compare=Compare.CUSTOM, compare_days=days)

    @property
    def unit_months(self) -> int:
        """Months of the period's calendar unit; 0 for a number of days."""
        return replace(self.comparison, choice=Compare.AUTOMATIC, days=None).months_of(self.query)

    @property
    def zone(self) -> str:
        return self.query.period.timezone

    @property
    def today_on(self) -> date:
        return day_of_us(self.now_us, timezone=checked_timezone(self.zone))

    def row_instant(self, at_us: int, *, seconds: bool = True) -> str:
        return text.row_instant_text(at_us, zone=self.zone, now_us=self.now_us, seconds=seconds)


def preferred_zone(account: str) -> str:
    """Account's reporting time zone."""
    return AccountPreference.objects.filter(account=account).values_list("timezone", flat=True).first() or "UTC"


def report_question(ledger: "ReadableLedger", address: ReportAddress, *, zone: str) -> Question:
    """Build the question; `zone` is the default.

    Raises:
        Refused: `period_reversed`, `period_too_long`, `timezone_unknown`.
    """
    # Pages say "until 14:02", so questions within a minute are equal and share a cached answer.
    now_us = present_us() // _MINUTE_US * _MINUTE_US
    zone = address.timezone or zone
    start_on = data_starts_on(ledger.account, timezone=checked_timezone(zone))
    first_on, last_on = address.days
    chosen = RequestedDays(first_on=first_on, last_on=last_on, timezone=zone, preset=address.preset)
    query = usage_query(ledger.account, now_us=now_us, days=chosen, filters=address.filters)
    comparison = Comparison(choice=address.compare, unit_months=chosen.unit_months, days=address.compare_days)
    return Question(
        address=address,
        query=query,
        compared=compared_query(query, account=ledger.account, comparison=comparison, now_us=now_us),
        now_us=now_us,
        available_from=start_on,
        comparison=comparison,
    )
