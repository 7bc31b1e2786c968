"""Sessions by day of the billing page, of which only changed days are counted again."""

from datetime import date

import pytest
from tests.support.ledgers import append_events, event, ledger_in_memory

from botmeter.billing.cycle import Cycle
from botmeter.billing.cycle_days import cycle_days
from botmeter.domain.period import Period
from botmeter.reports.billed_sessions import sessions_by_day


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", *(pytest.param(zone, marks=pytest.mark.slow) for zone in ("UTC", "Asia/Kathmandu"))],
)
def test_days_counted_in_part_are_those_counted_anew(zone: str) -> None:
    april, may = (
        Period(first_on=date(2026, number, 1), last_on=date(2026, number, 30), timezone=zone) for number in (4, 5)
    )
    before, cycle = (
        Cycle(number=0, start_us=each.start_us, end_us=each.end_us, timezone=zone) for each in (april, may)
    )
    ledger, days = ledger_in_memory(), [*may.days()]
    # In order, a late one in the cycle before, one after midnight in a zone, and one on the next day.
    for number, at in enumerate(
        (
            "2026-03-09T10:00",
            "2026-05-02T10:00",
            "2026-05-03T23:50",
            "2026-04-08T10:00",
            "2026-05-04T03:59",
            "2026-05-07T01:00",
        )
    ):
        append_events(ledger, event(f"e{number}", at, customer_id=f"c{number}", conversation_id=f"v{number}"))
        today = Period(first_on=days[2 + number], last_on=days[2 + number], timezone=zone)
        found = cycle_days(ledger, cycle, before=before, now_us=today.start_us)
        counted = Period(first_on=found.first_on, last_on=today.last_on, timezone=zone)
        assert [count or 0 for count in found.counts] == sessions_by_day(ledger, counted)
        assert list(found.before) == sessions_by_day(ledger, april)
