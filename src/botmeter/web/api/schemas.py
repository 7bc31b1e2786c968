"""The answers of the API as models, for its OpenAPI document. Tests hold real answers against them."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]


class Answer(Schema):
    """A part of an answer: it has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """What went wrong (RFC 9457). `code` is stable and may be matched by programs; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str = Field(default="", description="Where the details are in the server's logs; of a bug alone.")


class ReportPeriod(Answer):
    """The days that the report is about, both included."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    timezone: str
    days: Count


class ReportFilters(Answer):
    """Filters of the report. An empty list lets everything through."""

    bot: list[str]
    bot_version: list[str]
    channel: list[str]
    customer: list[str]
    conversation: list[str]
    opened_by: list[str] = Field(default=[], description="Only if set.")
    opened_on: list[str] = Field(default=[], description="Only if set.")
    ticket_type: list[str] = Field(default=[], description="Only if set.")
    hour: list[str] = Field(default=[], description="Only if set.")
    preview: bool = Field(default=False, description="Only if set: previews alone, or all others.")
    excluded: dict[str, list[str]] = Field(
        default={}, alias="not", description="Values that each filter excludes. Only if any are excluded."
    )


class ReportDay(Answer):
    """One day: the sessions that started on it, and their distinct tickets."""

    date: Day
    sessions: Count
    tickets: Count


class ReportBot(Answer):
    """One bot. `sessions` took place with it; `opened` were opened by it, and add up to the headline."""

    bot_id: str | None
    bot_name: str | None
    sessions: Count
    opened: Count


class ReportChannel(Answer):
    """One channel, counted as bots are."""

    channel: str
    sessions: Count
    opened: Count


class ReportMonth(Answer):
    """One month. `partial`: the period does not hold it whole, or it is not over."""

    month: str = Field(pattern=r"^\d{4}-\d\d$")
    sessions: Count
    partial: bool


class ReportTicketType(Answer):
    """One type of ticket: its distinct tickets, and the sessions that have one."""

    ticket_type: str
    tickets: Count
    sessions: Count


class UsageReport(Answer):
    """The session usage report. All counts are of distinct sessions, conversations or tickets."""

    account: str
    policy: str = Field(description="The policy in force on the last day.")
    period: ReportPeriod
    filters: ReportFilters
    sessions_consumed: Count = Field(description="The headline: the sum of the days, and of the months.")
    previews: Count
    conversations: Count
    tickets: Count
    trend: list[ReportDay]
    by_bot: list[ReportBot]
    by_channel: list[ReportChannel]
    by_month: list[ReportMonth]
    by_ticket_type: list[ReportTicketType]


class Row(Answer):
    """One row of the underlying data: session × conversation × bot × version × channel."""

    session_id: str
    session_start: Instant
    session_end: Instant | None = Field(description="Null while no limit ends the session.")
    customer_id: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    conversation_created_at: Instant | None
    conversation_updated_at: Instant | None
    ticket_ids: list[str]
    ticket_types: list[str] = Field(description="The type of the ticket at the same place of `ticket_ids`.")
    events: Count
    preview: bool


class Rows(Answer):
    """A page of rows."""

    items: list[Row]
    next_cursor: str | None = Field(description="Of the page after this one; null at the end.")


class SessionLine(Answer):
    """One session; bots, channels and counts are those of its rows that match."""

    session_id: str
    session_start: Instant
    session_end: Instant | None
    customer_id: str
    bots: list[str]
    channels: list[str]
    conversations: Count
    tickets: Count
    events: Count
    closed_by: str
    preview: bool


class Sessions(Answer):
    """A page of sessions."""

    items: list[SessionLine]
    next_cursor: str | None = Field(description="Of the page after this one; null at the end.")


class SessionWithRows(SessionLine):
    """One session with all its rows."""

    rows: list[Row]


class MergeBody(Answer):
    """One customer with other ids of theirs."""

    customer_id: str = Field(description="The customer who counts.", min_length=1, max_length=512)
    aliases: list[str] = Field(description="Other ids of the same customer.", min_length=1, max_length=1000)


class UnmergeBody(Answer):
    """What is taken back: aliases, or all that one change said."""

    aliases: list[str] = Field(default=[], max_length=1000)
    change: int | None = Field(default=None, ge=1, description="The number that the answer to the merge had.")


class SameCustomer(Answer):
    """An alias, and the customer that it was said to be."""

    customer_id: str
    alias: str


class CustomersChanged(Answer):
    """What a change to customers did; the sessions are those of all customers that it is about."""

    change: int | None = Field(description="Its number; null: all of it was so before, and nothing changed.")
    aliases: list[SameCustomer] = Field(description="Those that changed.")
    events: Count = Field(description="Events that are another customer's now.")
    sessions_before: Count
    sessions_after: Count
    restated_days: Count = Field(description="Days that were over and whose sessions changed.")


class ExplainedEvent(Answer):
    """One event, and whether it belongs to the session."""

    source: str
    event_id: str
    occurred_at: Instant
    actor: Literal["customer", "bot", "agent", "system"]
    kind: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    ticket_id: str | None
    takes_part: bool


class NextEvent(ExplainedEvent):
    """The first message after the end, and whether it opened the next session."""

    opened_next: bool


class ExplainedTicket(Answer):
    """A ticket of a conversation."""

    ticket_id: str
    ticket_type: str


class ExplainedConversation(Answer):
    """What one conversation added to the session."""

    conversation_id: str
    events: Count
    bots: list[str]
    channels: list[str]
    tickets: list[ExplainedTicket]


class NeighbourSession(Answer):
    """The session before or after."""

    session_id: str
    started_at: Instant
    ended_at: Instant | None
    closed_by: str


class Arrival(Answer):
    """A submission that brought events of the session."""

    append_no: int
    recorded_at: Instant
    source: str
    label: str
    events: Count


class Restatement(Answer):
    """A number already shown that changed because of this session."""

    append_no: int
    recorded_at: Instant
    day: Day
    before: Count
    after: Count
    added: bool
    because: list[str]
    because_count: Count


class Explanation(Answer):
    """Why the session was charged; `text` is what a person reads."""

    account: str
    session_id: str
    customer_id: str
    policy: str
    policy_definition: dict[str, Any]
    started_at: Instant
    ended_at: Instant | None
    closed_by: str
    running: bool
    preview: bool
    opening_event: ExplainedEvent
    events: list[ExplainedEvent]
    conversations: list[ExplainedConversation]
    previous_session: NeighbourSession | None
    next_event: NextEvent | None
    next_session: NeighbourSession | None
    arrivals: list[Arrival]
    restatements: list[Restatement]
    text: str
