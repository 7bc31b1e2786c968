from datetime import date

import pytest

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.reports.ask import Ask, Filters, ask

TODAY_ON = date(2026, 11, 22)


def asked(first: str | None = None, last: str | None = None, *, since: str = "2022-02-04") -> Ask:
    days = (first and date.fromisoformat(first), last and date.fromisoformat(last))
    account = Account(name="acme", available_from=date.fromisoformat(since))
    return ask(account=account, today_on=TODAY_ON, days=days, filters=Filters())  # type: ignore[arg-type]


def between(question: Ask) -> tuple[str, str]:
    return str(question.period.first_on), str(question.period.last_on)


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (None, None, ("2026-10-24", "2026-11-22")),
        ("2026-11-01", None, ("2026-11-01", "2026-11-22")),
        (None, "2026-03-30", ("2026-03-01", "2026-03-30")),
        ("2026-11-22", "2026-11-22", ("2026-11-22", "2026-11-22")),
        ("2026-12-24", None, ("2026-12-24", "2026-12-24")),
        ("2026-12-24", "2027-01-06", ("2026-12-24", "2027-01-06")),
    ],
)
def test_what_is_left_out_makes_30_days_that_end_today_or_on_the_last_day(first, last, period) -> None:
    assert between(asked(first, last)) == period
    assert asked(first, last).moved_from is None


def test_an_earlier_first_day_is_moved_up_to_the_start_of_the_data_and_said_so() -> None:
    question = asked("2019-01-01", "2022-03-01")
    assert between(question) == ("2022-02-04", "2022-03-01")
    assert question.moved_from == date(2019, 1, 1)


def test_the_default_period_of_a_new_account_starts_with_its_data() -> None:
    question = asked(since="2026-11-20")
    assert between(question) == ("2026-11-20", "2026-11-22")
    assert question.moved_from == date(2026, 10, 24)


def test_a_period_wholly_before_the_data_becomes_its_first_day() -> None:
    assert between(asked("2019-01-01", "2019-12-31")) == ("2022-02-04", "2022-02-04")


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Refused, match="starts on 2026-11-22 but ends before that, on 2026-11-21.") as refusal:
        asked("2026-11-22", "2026-11-21")
    assert refusal.value.code == "period_reversed"


def test_a_last_day_in_the_first_month_of_the_calendar_is_moved_up_too() -> None:
    assert between(asked(None, "0001-01-05")) == ("2022-02-04", "2022-02-04")
