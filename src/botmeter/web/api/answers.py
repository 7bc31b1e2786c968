"""Bodies and responses of Django's routes, as self-documenting msgspec types."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
import pyarrow as pa
from msgspec import Meta, Struct

from botmeter.domain.period import UTC_NAME
from botmeter.ledger.customers import CustomerChange
from botmeter.reports import row_lines
from botmeter.reports.export_instants import InstantTexts
from botmeter.reports.report_json import Count, Instant
from botmeter.reports.row_lines import IDS_MAX, RowPage
from botmeter.reports.row_options import Grain
from botmeter.reports.rows import INSTANT_COLUMNS, UnderlyingRow

NextCursor = Annotated[str | None, Meta(description="Cursor of the next page; null at the end.")]


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the underlying data: session × conversation × bot × version × channel."""

    session_id: str
    session_start: Instant
    session_end: Annotated[Instant | None, Meta(description="Null while no limit ends the session.")]
    customer_id: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    conversation_created_at: Instant | None
    conversation_updated_at: Instant | None
    ticket_ids: list[str]
    ticket_types: Annotated[list[str], Meta(description="The type of each ticket, in the order of `ticket_ids`.")]
    events: Count
    preview: bool


class Rows(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of rows."""

    items: list[Row]
    next_cursor: NextCursor


class SessionLine(Struct, frozen=True, forbid_unknown_fields=True):
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


class Sessions(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of sessions."""

    items: list[SessionLine]
    next_cursor: NextCursor


_FewIds = Annotated[list[str], Meta(description=f"The first {IDS_MAX}, by code point; a count has all.")]


class ConversationLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation, with what its rows have that match."""

    conversation_id: str
    conversation_created_at: Instant | None
    conversation_updated_at: Instant | None
    customer_ids: _FewIds
    customers: Count
    bots: list[str]
    channels: list[str]
    ticket_ids: _FewIds
    tickets: Count
    sessions: Count
    events: Count
    last_session_start: Instant


class Conversations(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of conversations."""

    items: list[ConversationLine]
    next_cursor: NextCursor


class TicketLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One ticket, with what the rows of its conversations have that match."""

    ticket_id: str
    ticket_types: list[str]
    conversation_ids: _FewIds
    conversations: Count
    customer_ids: _FewIds
    customers: Count
    bots: list[str]
    channels: list[str]
    sessions: Count
    last_session_start: Instant


class Tickets(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of tickets."""

    items: list[TicketLine]
    next_cursor: NextCursor


class SessionWithRows(SessionLine, frozen=True, forbid_unknown_fields=True):
    """One session with all its rows."""

    rows: list[Row]


# Ids and aliases are limited by the ledger, which has error codes of its own for them.
_CustomerId = Annotated[
    str,
    Meta(description="The customer who is counted.", extra_json_schema={"minLength": 1, "maxLength": 512}),
]


class MergeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer with other ids of the same person."""

    customer_id: _CustomerId
    aliases: Annotated[
        list[str],
        Meta(description="Other ids of the same customer.", extra_json_schema={"minItems": 1, "maxItems": 1000}),
    ]


class UnmergeBody(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Either aliases, or the number of a change."""

    aliases: Annotated[list[str], Meta(extra_json_schema={"maxItems": 1000})] = []
    change: Annotated[
        Annotated[int, Meta(extra_json_schema={"minimum": 1})] | None,
        Meta(description="The number in the answer to the merge."),
    ] = None


class SameCustomer(Struct, frozen=True, forbid_unknown_fields=True):
    """An alias, and the customer it belongs to."""

    customer_id: str
    alias: str


class CustomersChanged(Struct, frozen=True, forbid_unknown_fields=True):
    """Effect of a change to customers; the sessions are those of all customers concerned."""

    change: Annotated[int | None, Meta(description="Number of the change; null if nothing changed.")]
    aliases: Annotated[list[SameCustomer], Meta(description="Aliases that changed.")]
    events: Annotated[Count, Meta(description="Events that belong to another customer now.")]
    sessions_before: Count
    sessions_after: Count
    restated_days: Annotated[Count, Meta(description="Past days whose sessions changed.")]
    waits: Annotated[bool, Meta(description="The next run of the account's lake makes the change; counts are 0.")] = (
        False
    )


def page_answer(page: RowPage) -> Rows | Sessions | Conversations | Tickets:
    """Page, with instants in the query's zone."""
    zone, cursor = page.query.period.timezone, page.next_cursor
    match page.options.grain:
        case Grain.ROW:
            return Rows(items=rows_of(page.lines_of(UnderlyingRow), zone=zone), next_cursor=cursor)
        case Grain.SESSION:
            return Sessions(items=session_lines(page.lines_of(row_lines.SessionLine), zone=zone), next_cursor=cursor)
        case Grain.CONVERSATION:
            return Conversations(
                items=_conversation_lines(page.lines_of(row_lines.ConversationLine), zone=zone), next_cursor=cursor
            )
        case Grain.TICKET:
            return Tickets(items=_ticket_lines(page.lines_of(row_lines.TicketLine), zone=zone), next_cursor=cursor)


def rows_of(rows: Sequence[UnderlyingRow], *, zone: str = UTC_NAME) -> list[Row]:
    """Rows, also for `botmeter sessions --format json`."""
    instants = InstantTexts(zone)
    texts = {name: _texts([getattr(row, name) for row in rows], instants) for name in INSTANT_COLUMNS}
    return [
        Row(**{**asdict(row), **{name: texts[name][index] for name in INSTANT_COLUMNS}})
        for index, row in enumerate(rows)
    ]


def session_lines(lines: Sequence[row_lines.SessionLine], *, zone: str = UTC_NAME) -> list[SessionLine]:
    """One item per session."""
    instants = InstantTexts(zone)
    starts = _texts([line.started_us for line in lines], instants)
    ends = _texts([line.ended_us for line in lines], instants)
    return [
        SessionLine(
            session_id=line.session_id,
            session_start=start,
            session_end=end,
            customer_id=line.customer_id,
            bots=list(line.bot_names),
            channels=list(line.channels),
            conversations=line.conversation_count,
            tickets=line.ticket_count,
            events=line.event_count,
            closed_by=line.closed_by.name.lower(),
            preview=line.is_preview,
        )
        for line, start, end in zip(lines, starts, ends, strict=True)
    ]


def _conversation_lines(lines: Sequence[row_lines.ConversationLine], *, zone: str) -> list[ConversationLine]:
    instants = InstantTexts(zone)
    created = _texts([line.created_us for line in lines], instants)
    updated = _texts([line.updated_us for line in lines], instants)
    starts = _texts([line.last_started_us for line in lines], instants)
    return [
        ConversationLine(
            conversation_id=line.conversation_id,
            conversation_created_at=created[index],
            conversation_updated_at=updated[index],
            customer_ids=list(line.customer_ids),
            customers=line.customer_count,
            bots=list(line.bot_names),
            channels=list(line.channels),
            ticket_ids=list(line.ticket_ids),
            tickets=line.ticket_count,
            sessions=line.session_count,
            events=line.event_count,
            last_session_start=starts[index],
        )
        for index, line in enumerate(lines)
    ]


def _ticket_lines(lines: Sequence[row_lines.TicketLine], *, zone: str) -> list[TicketLine]:
    starts = _texts([line.last_started_us for line in lines], InstantTexts(zone))
    return [
        TicketLine(
            ticket_id=line.ticket_id,
            ticket_types=list(line.ticket_types),
            conversation_ids=list(line.conversation_ids),
            conversations=line.conversation_count,
            customer_ids=list(line.customer_ids),
            customers=line.customer_count,
            bots=list(line.bot_names),
            channels=list(line.channels),
            sessions=line.session_count,
            last_session_start=start,
        )
        for line, start in zip(lines, starts, strict=True)
    ]


def session_with_rows(line: row_lines.SessionLine, rows: Sequence[UnderlyingRow]) -> SessionWithRows:
    """Session with its rows, in UTC."""
    return SessionWithRows(**msgspec.structs.asdict(session_lines([line])[0]), rows=rows_of(rows))


def customers_changed(change: CustomerChange) -> CustomersChanged:
    """Effect of a merge or unmerge."""
    return CustomersChanged(
        change=change.number,
        aliases=[SameCustomer(customer_id=pair.customer_id, alias=pair.alias) for pair in change.pairs],
        events=change.event_count,
        sessions_before=change.before_count,
        sessions_after=change.after_count,
        restated_days=change.restated_day_count,
        waits=change.waits,
    )


def _texts(instants_us: list[int | None] | list[int], instants: InstantTexts) -> list[Any]:
    texts: list[Any] = instants.texts(pa.array(instants_us, pa.timestamp("us", tz=UTC_NAME))).to_pylist()
    return texts
