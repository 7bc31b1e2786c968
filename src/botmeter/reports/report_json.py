"""JSON types of the session usage report, for API and CLI."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from botmeter.domain.period import Period
from botmeter.reports.compared_period import Compare
from botmeter.reports.filters import FILTERS

Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]
CountOrNone = Annotated[
    Count | None, Meta(description="Null without data: before the account's first event, or to come.")
]
# Key of a schema that keeps the order of its words, which msgspec sorts; the OpenAPI document replaces it.
WORD_ORDER = "x-word-order"


class ReportPeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """Days of the report, both included."""

    first: date = field(name="from")
    last: date = field(name="to")
    timezone: str
    day_count: Count = field(name="days")


class ReportDay(Struct, frozen=True, forbid_unknown_fields=True):
    """One day: the sessions that started on it, and their distinct tickets; null without data."""

    on: date = field(name="date")
    session_count: CountOrNone = field(name="sessions")
    ticket_count: CountOrNone = field(name="tickets")


class ReportBot(Struct, frozen=True, forbid_unknown_fields=True):
    """One bot: the sessions that it took part in, and those that it opened, which add up to the headline."""

    bot_id: str | None
    bot_name: str | None
    session_count: Count = field(name="sessions")
    opened_count: Count = field(name="opened")


class ReportChannel(Struct, frozen=True, forbid_unknown_fields=True):
    """One channel, counted as bots are."""

    channel: str
    session_count: Count = field(name="sessions")
    opened_count: Count = field(name="opened")


class ReportMonth(Struct, frozen=True, forbid_unknown_fields=True):
    """One month. It is partial if the period holds only part of it, or if it has not ended."""

    month: Annotated[str, Meta(pattern=r"^\d{4}-\d\d$")]
    session_count: CountOrNone = field(name="sessions")
    is_partial: bool = field(name="partial")


class ReportTicketType(Struct, frozen=True, forbid_unknown_fields=True):
    """One type of ticket: its distinct tickets, and the sessions that have one."""

    ticket_type: str
    ticket_count: Count = field(name="tickets")
    session_count: Count = field(name="sessions")


# Derived from the filters' declarations, so that a new one needs no line here; type checkers see an empty class.
if TYPE_CHECKING:

    class ReportFilters(Struct):
        """Filters of the report."""

else:
    _ONLY_IF_SET = Meta(description="Only if set.")
    ReportFilters = msgspec.defstruct(
        "ReportFilters",
        [
            *(
                (declared.name, list[str])
                if declared.always_in_json
                else (declared.name, Annotated[list[str], _ONLY_IF_SET], field(default_factory=list))
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
                field(name="not", default_factory=dict),
            ),
        ],
        module=__name__,
        namespace={"__doc__": "Filters of the report. An empty list lets everything through."},
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
    )


class ReportComparison(Struct, frozen=True, forbid_unknown_fields=True):
    """Totals of the earlier days that the report is compared with."""

    choice: Compare = field(name="with")
    period: Annotated[ReportPeriod, Meta(description="The compared days; of a running period, as many as have begun.")]
    until: Annotated[Instant | None, Meta(description="If the period is running: the end of what is compared.")]
    data_day_count: Annotated[Count, Meta(description="Days with data; the totals cover only these.")] = field(
        name="days_with_data"
    )
    sessions_consumed: Count
    preview_count: Count = field(name="previews")
    conversation_count: Count = field(name="conversations")
    ticket_count: Count = field(name="tickets")
    change_percent: Annotated[
        float | None,
        Meta(description="Change in sessions. Null if a day of either period has no data, or if there were none."),
    ]
    change_per_day_percent: Annotated[float | None, Meta(description="Change in sessions per day, as above.")]


class UsageReport(Struct, frozen=True, forbid_unknown_fields=True):
    """The session usage report. All counts are of distinct sessions, conversations or tickets."""

    account: str
    policy: Annotated[str, Meta(description="The policy in force on the last day.")]
    period: ReportPeriod
    filters: ReportFilters
    sessions_consumed: Annotated[Count, Meta(description="The headline: the sum of the days, and of the months.")]
    preview_count: Count = field(name="previews")
    conversation_count: Count = field(name="conversations")
    ticket_count: Count = field(name="tickets")
    trend: list[ReportDay]
    by_bot: list[ReportBot]
    by_channel: list[ReportChannel]
    by_month: list[ReportMonth]
    by_ticket_type: list[ReportTicketType]
    comparison: Annotated[
        ReportComparison | UnsetType | None,
        Meta(description="Only if a comparison was requested. Null if no compared day has data."),
    ] = UNSET
    not_charged_count: Annotated[
        Count | UnsetType,
        Meta(description="Sessions that cost nothing: void, test, stopped, free previews. Only if there is a plan."),
    ] = field(name="not_charged", default=UNSET)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return cast(dict[str, Any], msgspec.to_builtins(self))

    @property
    def bot_overlap(self) -> int:
        """Excess of the split by bot over the headline: a session counts under each bot."""
        return sum(bot.session_count for bot in self.by_bot) - self.sessions_consumed

    @property
    def channel_overlap(self) -> int:
        return sum(channel.session_count for channel in self.by_channel) - self.sessions_consumed


def report_period(period: Period) -> ReportPeriod:
    """Days of a period."""
    return ReportPeriod(
        first=period.first_on, last=period.last_on, timezone=period.timezone, day_count=period.day_count
    )
