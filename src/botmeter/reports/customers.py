"""Top customers, and the session calendar of one customer."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from botmeter.domain.errors import Missing
from botmeter.domain.instant import NEVER_US
from botmeter.domain.period import Period
from botmeter.domain.session import ClosedBy
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.conditions import of_customers, query_parameters, text_in_ledger
from botmeter.reports.matching import run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import open_snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoint

SESSIONS_LISTED_MAX = 1_000
"""How many sessions a calendar lists; a customer with more is a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerUsage:
    """One customer's matching sessions and conversations, and the latest start (µs UTC)."""

    customer_id: str
    session_count: int
    conversation_count: int
    last_started_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSession:
    """One session. Instants in µs UTC; `ended_us` is None while no limit ends it."""

    session_id: str
    started_us: int
    ended_us: int | None
    bot_names: tuple[str, ...]
    channels: tuple[str, ...]
    conversation_count: int
    event_count: int
    closed_by: ClosedBy
    is_preview: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCalendar:
    """Sessions of one customer. Instants in µs UTC.

    Attributes:
        days: Sessions by day of the period.
        sessions: Newest first; at most `SESSIONS_LISTED_MAX`.
        session_count: All, listed or not.
    """

    customer_id: str
    days: dict[date, int]
    sessions: tuple[CustomerSession, ...]
    session_count: int
    first_started_us: int | None
    last_started_us: int | None


def top_customers(ledger: "ReadableLedger", query: UsageQuery, *, limit: int) -> tuple[CustomerUsage, ...]:
    """Customers with most matching sessions, then by id."""
    with open_snapshot(ledger) as snapshot:
        parameters = {**query_parameters(query, snapshot), "limit": limit}
        if parameters["is_in_usage"]:
            top = snapshot.rows(sql("customers_from_sessions"), parameters)
            run_matching(snapshot, of_customers(parameters, [customer_id for customer_id, _, _ in top]))
        else:
            run_matching(snapshot, parameters)
            top = snapshot.rows(sql("customers_from_rows"), parameters)
        conversations = dict(snapshot.rows(sql("conversations_of_customers"), parameters))
    return tuple(
        CustomerUsage(
            customer_id=customer_id,
            session_count=session_count,
            conversation_count=conversations[customer_id],
            last_started_us=last_started_us,
        )
        for customer_id, session_count, last_started_us in top
    )


def customer_calendar(ledger: "ReadableLedger", customer_id: str, *, period: Period) -> CustomerCalendar:
    """Find a customer's sessions of any day; `period` sets the calendar.

    Raises:
        Missing: `customer_unknown`.
    """
    parameters = {"customer": text_in_ledger(customer_id)}
    with open_snapshot(ledger) as snapshot:
        rows = snapshot.rows(sql("sessions_of_customer"), parameters)
        if not rows and not snapshot.rows(sql("is_customer_known"), parameters)[0][0]:
            raise Missing("customer_unknown", f"No event names a customer {customer_id[:100]!r}.")
        listed = rows[:SESSIONS_LISTED_MAX]
        visits = snapshot.rows(sql("visits_of_customer"), {**parameters, "starts": [row[1] for row in listed]})
        names = bot_names(snapshot)
    starts_us = [row[1] for row in reversed(rows)]
    visit_of = {session_id: (count, touchpoints) for session_id, count, touchpoints in visits}
    touchpoints = snapshot.touchpoints
    return CustomerCalendar(
        customer_id=customer_id,
        days=_days(starts_us, period),
        sessions=tuple(_session((*row, *visit_of[row[0]]), touchpoints, names=names) for row in listed),
        session_count=len(starts_us),
        first_started_us=starts_us[0] if starts_us else None,
        last_started_us=starts_us[-1] if starts_us else None,
    )


def _days(starts_us: list[int], period: Period) -> dict[date, int]:
    edges = np.searchsorted(np.array(starts_us, np.int64), np.array(period.edges_us(), np.int64), side="left")
    return dict(zip(period.days(), np.diff(edges).tolist(), strict=True))


def _session(row: tuple[Any, ...], known: "list[Touchpoint]", *, names: BotNames) -> CustomerSession:
    session_id, started_us, ended_us, event_count, closed_by, is_preview, conversation_count, touchpoints = row
    own = [known[number] for number in touchpoints]
    return CustomerSession(
        session_id=session_id,
        started_us=started_us,
        ended_us=None if ended_us == NEVER_US else ended_us,
        bot_names=names.at(own),
        channels=tuple(sorted({each.channel for each in own})),
        conversation_count=conversation_count,
        event_count=event_count,
        closed_by=ClosedBy(closed_by),
        is_preview=is_preview,
    )
