"""The session usage report."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from botmeter.domain.period import Period
from botmeter.reports.bot_names import bot_names
from botmeter.reports.counts import counts_of
from botmeter.reports.facts import Facts, facts_of
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.policy import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendDay:
    """Sessions that started on one day, and their distinct tickets."""

    on: date
    session_count: int
    ticket_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUsage:
    """Sessions that one bot (None: no bot) took part in, and those it opened."""

    bot_id: str | None
    bot_name: str | None
    session_count: int
    opened_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUsage:
    """Sessions that touched one channel, and those opened on it."""

    channel: str
    session_count: int
    opened_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthUsage:
    """One local month (`YYYY-MM`), partial if cut by the period or not over."""

    month: str
    session_count: int
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTypeUsage:
    """Distinct tickets of one type, and sessions with one."""

    ticket_type: str
    ticket_count: int
    session_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """The session usage report. All counts are distinct.

    Attributes:
        policy: In force on the last day.
        policies: All in force, in order.
        by_bot: Most sessions first, then by id, as `by_channel`; `opened_count` adds up to the headline.
    """

    account: str
    policy: str
    policies: tuple[str, ...]
    query: UsageQuery
    sessions_consumed: int
    preview_count: int
    conversation_count: int
    ticket_count: int
    trend: tuple[TrendDay, ...]
    by_bot: tuple[BotUsage, ...]
    by_channel: tuple[ChannelUsage, ...]
    by_month: tuple[MonthUsage, ...]
    by_ticket_type: tuple[TicketTypeUsage, ...]

    @property
    def period(self) -> Period:
        return self.query.period

    @property
    def filters(self) -> Filters:
        return self.query.filters

    @property
    def bot_overlap(self) -> int:
        """Excess of the split by bot over the headline: a session counts under each bot."""
        return sum(bot.session_count for bot in self.by_bot) - self.sessions_consumed

    @property
    def channel_overlap(self) -> int:
        return sum(channel.session_count for channel in self.by_channel) - self.sessions_consumed


def usage_report(ledger: "ReadableLedger", query: UsageQuery) -> UsageReport:
    """Compute the report of a query."""
    with snapshot(ledger) as moment:
        facts = facts_of(moment, query, touchpoints=ledger.touchpoints)
        names = bot_names(moment)
    return report_of(ledger, query, facts=facts, names=names)


def report_of(ledger: "ReadableLedger", query: UsageQuery, *, facts: Facts, names: dict[str, str]) -> UsageReport:
    """Build the report from facts and bot names."""
    tickets = facts.tickets
    counts = counts_of(facts.groups, ledger.touchpoints.all())
    policies = _policies_in_force(ledger.schedule, query.period)
    return UsageReport(
        account=ledger.account.name,
        policy=policies[-1],
        policies=policies,
        query=query,
        sessions_consumed=counts.session_count,
        preview_count=counts.preview_count,
        conversation_count=facts.conversation_count,
        ticket_count=tickets.ticket_count,
        trend=tuple(
            TrendDay(on=on, session_count=session_count, ticket_count=ticket_count)
            for on, session_count, ticket_count in zip(
                query.period.days(), facts.session_days, tickets.of_day, strict=True
            )
        ),
        by_bot=tuple(
            BotUsage(
                bot_id=bot.key,
                bot_name=None if bot.key is None else names.get(bot.key, bot.key),
                session_count=bot.session_count,
                opened_count=bot.opened_count,
            )
            for bot in counts.by_bot
        ),
        by_channel=tuple(
            ChannelUsage(channel=one.key, session_count=one.session_count, opened_count=one.opened_count)
            for one in counts.by_channel
        ),
        by_month=_months(query, facts.session_days),
        by_ticket_type=tuple(
            TicketTypeUsage(ticket_type=ticket_type, ticket_count=ticket_count, session_count=session_count)
            for ticket_type, ticket_count, session_count in tickets.by_type
        ),
    )


def _months(query: UsageQuery, session_days: list[int]) -> tuple[MonthUsage, ...]:
    days = zip(query.period.days(), session_days, strict=True)
    return tuple(
        MonthUsage(
            month=f"{year:04}-{month:02}",
            session_count=sum(session_count for _, session_count in inside),
            is_partial=_is_partial(query, date(year, month, 1)),
        )
        for (year, month), inside in groupby(days, key=lambda day: (day[0].year, day[0].month))
    )


def _is_partial(query: UsageQuery, first_on: date) -> bool:
    last_on = first_on.replace(day=monthrange(first_on.year, first_on.month)[1])
    is_whole = query.period.first_on <= first_on and last_on <= query.period.last_on
    return not is_whole or (query.today_on is not None and query.today_on <= last_on)


def _policies_in_force(schedule: "Schedule", period: Period) -> tuple[str, ...]:
    # Policies begin at midnight UTC, so the last day in another zone can have two.
    last_us = period.end_us - 1
    started = [term for term in schedule if term.from_us <= last_us] or [schedule[0]]
    overtaken = sum(term.from_us <= period.start_us for term in started[1:])
    return tuple(term.policy.label for term in started[overtaken:])
