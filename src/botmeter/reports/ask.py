"""A question about usage as a value that checks itself: which days, and which rows of them."""

from dataclasses import dataclass
from datetime import date

from botmeter.domain.account import Account
from botmeter.domain.period import DEFAULT_DAYS, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows of the underlying data count: those that satisfy every filter that is set.

    Of several values of one filter, any will do; an empty filter lets everything through, and a
    value that names nothing lets nothing through.

    Attributes:
        preview: True for sessions that a preview opened, False for the others, None for both.
    """

    bot: tuple[str, ...] = ()
    bot_version: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    conversation: tuple[str, ...] = ()
    preview: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question: sessions that start in `period`, of the rows that `filters` pick.

    Attributes:
        period: UTC days, none of them before the account's data starts.
        moved_from: The first day that was asked for, if the period had to be moved up to the day on
            which the account's data starts.
        today_on: The UTC day on which it is asked; its month is not over. None: every month is.
    """

    period: Period
    filters: Filters = Filters()
    moved_from: date | None = None
    today_on: date | None = None


def ask(*, account: Account, today_on: date, days: tuple[date | None, date | None], filters: Filters) -> Ask:
    """The question that these words ask.

    Args:
        account: Days before its `available_from` are moved up to it.
        today_on: The present UTC day.
        days: The first and the last day. A last day left out is today (or the first day, if that
            is later); a first day left out is 29 days before the last.
        filters: Which rows count.

    Raises:
        Refused: `period_reversed` if the first day is after the last, `period_too_long`.
    """
    first_on, last_on = days
    if last_on is None:
        last_on = today_on if first_on is None else max(first_on, today_on)
    if first_on is None:
        # The calendar itself begins in the year 1: a last day in its first month has no 29 before.
        first_on = date.fromordinal(max(1, last_on.toordinal() - DEFAULT_DAYS + 1))
    asked = Period(first_on=first_on, last_on=last_on)
    start_on = account.available_from
    if asked.first_on >= start_on:
        return Ask(period=asked, filters=filters, today_on=today_on)
    moved = Period(first_on=start_on, last_on=max(last_on, start_on))
    return Ask(period=moved, filters=filters, moved_from=first_on, today_on=today_on)
