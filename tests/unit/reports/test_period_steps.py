from datetime import date

import pytest

from botmeter.reports.period_steps import Direction, stepped_days

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("first", "last", "unit", "before", "after"),
    [
        ("2026-10-01", "2026-10-31", 1, ("2026-09-01", "2026-09-30"), ("2026-11-01", "2026-11-22")),
        ("2026-11-01", "2026-11-22", 1, ("2026-10-01", "2026-10-31"), None),
        ("2026-10-01", "2026-11-22", 3, ("2026-07-01", "2026-09-30"), None),
        ("2025-01-01", "2025-12-31", 12, ("2024-01-01", "2024-12-31"), ("2026-01-01", "2026-11-22")),
        ("2025-12-01", "2026-11-22", 12, ("2024-12-01", "2025-11-30"), None),
        ("2026-11-16", "2026-11-22", 0, ("2026-11-09", "2026-11-15"), None),
        ("2026-11-10", "2026-11-16", 0, ("2026-11-03", "2026-11-09"), ("2026-11-17", "2026-11-23")),
        ("0001-01-01", "0001-01-31", 1, None, ("0001-02-01", "0001-02-28")),
    ],
)
def test_a_step_leads_to_the_period_beside(first, last, unit, before, after) -> None:
    days = (date.fromisoformat(first), date.fromisoformat(last))
    found = [stepped_days(days, direction, unit_months=unit, today_on=TODAY) for direction in Direction]
    assert found == [each and (date.fromisoformat(each[0]), date.fromisoformat(each[1])) for each in (before, after)]
