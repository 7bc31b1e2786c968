"""The session usage report as JSON, for API and CLI."""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from botmeter.reports.filters import FILTERS

if TYPE_CHECKING:
    from botmeter.reports.usage import UsageReport as CountedReport

Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]
# Key of a schema that keeps the order of its words, which msgspec sorts; the OpenAPI document replaces it.
WORD_ORDER = "x-word-order"


class ReportPeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """Days of the report, both included."""

    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    timezone: str
    days: Count


class ReportDay(Struct, frozen=True, forbid_unknown_fields=True):
    """One day: the sessions that started on it, and their distinct tickets."""

    date: Day
    sessions: Count
    tickets: Count


class ReportBot(Struct, frozen=True, forbid_unknown_fields=True):
    """One bot: the sessions that it took part in, and those that it opened, which add up to the headline."""

    bot_id: str | None
    bot_name: str | None
    sessions: Count
    opened: Count


class ReportChannel(Struct, frozen=True, forbid_unknown_fields=True):
    """One channel, counted as bots are."""

    channel: str
    sessions: Count
    opened: Count


class ReportMonth(Struct, frozen=True, forbid_unknown_fields=True):
    """One month. It is partial if the period holds only part of it, or if it has not ended."""

    month: Annotated[str, Meta(pattern=r"^\d{4}-\d\d$")]
    sessions: Count
    partial: bool


class ReportTicketType(Struct, frozen=True, forbid_unknown_fields=True):
    """One type of ticket: its distinct tickets, and the sessions that have one."""

    ticket_type: str
    tickets: Count
    sessions: Count


if TYPE_CHECKING:

    class ReportFilters(Struct):
        """Filters of the report."""

else:
    _ONLY_IF_SET = Meta(description="Only if set.")
    # Derived from the filters' declarations, so that a new one needs no line here.
    ReportFilters = msgspec.defstruct(
        "ReportFilters",
        [
            *(
                (declared.name, list[str])
                if declared.always_in_json
                else (declared.name, Annotated[list[str], _ONLY_IF_SET], msgspec.field(default_factory=list))
                for declared in FILTERS
            ),
            (
                "preview",
                Annotated[
                    bool | UnsetType, Meta(description="Only if set: previews alone (true), or all others (false).")
                ],
                UNSET,
            ),
            (
                "excluded",
                Annotated[dict[str, list[str]], Meta(description="Values that each filter excludes. Only if any are.")],
                msgspec.field(name="not", default_factory=dict),
            ),
        ],
        module=__name__,
        namespace={"__doc__": "Filters of the report. An empty list lets everything through."},
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
    )


class UsageReport(Struct, frozen=True, forbid_unknown_fields=True):
    """The session usage report. All counts are of distinct sessions, conversations or tickets."""

    account: str
    policy: Annotated[str, Meta(description="The policy in force on the last day.")]
    period: ReportPeriod
    filters: ReportFilters
    sessions_consumed: Annotated[Count, Meta(description="The headline: the sum of the days, and of the months.")]
    previews: Count
    conversations: Count
    tickets: Count
    trend: list[ReportDay]
    by_bot: list[ReportBot]
    by_channel: list[ReportChannel]
    by_month: list[ReportMonth]
    by_ticket_type: list[ReportTicketType]


def report_json(report: "CountedReport") -> UsageReport:
    """Return the report in the contract's key order."""
    period = report.period
    return UsageReport(
        account=report.account,
        policy=report.policy,
        period=ReportPeriod(
            first=period.first_on.isoformat(),
            last=period.last_on.isoformat(),
            timezone=period.timezone,
            days=period.day_count,
        ),
        filters=msgspec.convert(report.filters.as_mapping(), ReportFilters),
        sessions_consumed=report.sessions_consumed,
        previews=report.preview_count,
        conversations=report.conversation_count,
        tickets=report.ticket_count,
        trend=[
            ReportDay(date=day.on.isoformat(), sessions=day.session_count, tickets=day.ticket_count)
            for day in report.trend
        ],
        by_bot=[
            ReportBot(bot_id=bot.bot_id, bot_name=bot.bot_name, sessions=bot.session_count, opened=bot.opened_count)
            for bot in report.by_bot
        ],
        by_channel=[
            ReportChannel(channel=each.channel, sessions=each.session_count, opened=each.opened_count)
            for each in report.by_channel
        ],
        by_month=[
            ReportMonth(month=month.month, sessions=month.session_count, partial=month.is_partial)
            for month in report.by_month
        ],
        by_ticket_type=[
            ReportTicketType(ticket_type=each.ticket_type, tickets=each.ticket_count, sessions=each.session_count)
            for each in report.by_ticket_type
        ],
    )


def report_as_mapping(report: "CountedReport") -> dict[str, Any]:
    """Return the report as JSON values."""
    mapping: dict[str, Any] = msgspec.to_builtins(report_json(report))
    return mapping
