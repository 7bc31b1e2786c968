"""What an address of the API asks: the same questions that pages and commands ask."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import DAYS_MAX, UTC_NAME, Period, day_of_us
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_look import Grouping, RowLook, SortKey
from botmeter.web.question import question
from botmeter.web.report_query import Compare, choice, read_address

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

LIMIT_DEFAULT = 100


def asked(ledger: "ReadableLedger", given: QueryDict) -> UsageQuery:
    """The question of an address; days are UTC days where it names no zone."""
    return question(ledger, replace(read_address(given), compare=Compare.NONE), zone=UTC_NAME).query


def look_asked(given: QueryDict) -> RowLook:
    """How the address wants its rows.

    Raises:
        Refused: `parameter_invalid`, `limit_invalid`.
        TooMuch: `search_too_long`.
    """
    sort = given.get("sort") or SortKey.SESSION_START.value
    if sort.removeprefix("-") not in set(SortKey):
        known = ", ".join(f"{word}, -{word}" for word in SortKey)
        raise Refused("parameter_invalid", f"sort can't be {sort[:40]!r}; it is one of {known}.")
    limit = given.get("limit") or str(LIMIT_DEFAULT)
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 10):
        raise Refused("parameter_invalid", f"limit can't be {limit[:40]!r}; it is a whole number.")
    return RowLook(
        grouping=choice(given, "group", words=Grouping) or Grouping.CONVERSATION,
        sort=SortKey(sort.removeprefix("-")),
        descending=sort.startswith("-"),
        search=given.get("search", ""),
        limit=int(limit),
    )


def all_days(ledger: "ReadableLedger") -> UsageQuery:
    """All that the account ever metered, and may have metered of events that are ahead of the clock."""
    last_on = max(day_of_us(now_us()) + timedelta(days=2), ledger.account.available_from)
    first_on = max(ledger.account.available_from, last_on - timedelta(days=DAYS_MAX - 1))
    return UsageQuery(period=Period(first_on=first_on, last_on=last_on))
