"""Examples for the OpenAPI document and its page."""

from datetime import date
from http import HTTPStatus
from typing import Final

import msgspec

from botmeter.domain.period import Period
from botmeter.reports.explanation_json import (
    Arrival,
    ExplainedConversation,
    ExplainedEvent,
    ExplainedTicket,
    Explanation,
)
from botmeter.reports.report_json import (
    ReportBot,
    ReportChannel,
    ReportDay,
    ReportFilters,
    ReportMonth,
    ReportTicketType,
    UsageReport,
    report_period,
)
from botmeter.web.api.answers import CustomersChanged, MergeBody, Row, Rows, SameCustomer, SessionWithRows, UnmergeBody
from botmeter.web.api.ingest_schema import AddressedSource, CloudEvent, DeliveryReceipt, Event, Receipt
from botmeter.web.api.problem_details import problem

_SESSION_ID: Final = "4c10adab-a6a2-87a4-acf7-6c2826b08fbe"
_DAYS: Final = (date(2026, 11, 21), date(2026, 11, 22))
_START: Final = "2026-11-21T22:30:00Z"
_END: Final = "2026-11-22T22:30:00Z"

_ROW: Final = Row(
    session_id=_SESSION_ID,
    session_start=_START,
    session_end=_END,
    customer_id="cus_8401",
    conversation_id="c-77",
    bot_id="orders",
    bot_name="Order bot",
    bot_version="7",
    channel="web",
    conversation_created_at=_START,
    conversation_updated_at="2026-11-21T22:41:09Z",
    ticket_ids=["t-51"],
    ticket_types=["refund"],
    events=9,
    preview=False,
)
ROWS: Final = Rows(items=[_ROW], next_cursor=None)
SESSION: Final = SessionWithRows(
    session_id=_SESSION_ID,
    session_start=_START,
    session_end=_END,
    customer_id="cus_8401",
    bots=["Order bot"],
    channels=["web"],
    conversations=1,
    tickets=1,
    events=9,
    closed_by="duration",
    preview=False,
    rows=[_ROW],
)
REPORT: Final = UsageReport(
    account="acme",
    policy="freshchat.session@1",
    period=report_period(Period(first_on=_DAYS[0], last_on=_DAYS[1])),
    filters=msgspec.convert(
        {"bot": ["orders"], "bot_version": [], "channel": [], "customer": [], "conversation": []}, ReportFilters
    ),
    sessions_consumed=1,
    preview_count=0,
    conversation_count=1,
    ticket_count=1,
    trend=[
        ReportDay(on=_DAYS[0], session_count=1, ticket_count=1),
        ReportDay(on=_DAYS[1], session_count=0, ticket_count=0),
    ],
    by_bot=[ReportBot(bot_id="orders", bot_name="Order bot", session_count=1, opened_count=1)],
    by_channel=[ReportChannel(channel="web", session_count=1, opened_count=1)],
    by_month=[ReportMonth(month="2026-11", session_count=1, is_partial=True)],
    by_ticket_type=[ReportTicketType(ticket_type="refund", ticket_count=1, session_count=1)],
)
_OPENING: Final = ExplainedEvent(
    source="default",
    event_id="m-1001",
    occurred_at=_START,
    actor="customer",
    kind="message",
    conversation_id="c-77",
    bot_id="orders",
    bot_name="Order bot",
    bot_version="7",
    channel="web",
    ticket_id=None,
    takes_part=True,
)
EXPLANATION: Final = Explanation(
    account="acme",
    session_id=_SESSION_ID,
    customer_id="cus_8401",
    policy="freshchat.session@1",
    policy_definition={"name": "freshchat.session", "version": 1, "max_duration": "24h"},
    started_at=_START,
    ended_at=_END,
    closed_by="duration",
    running=False,
    preview=False,
    opening_event=_OPENING,
    events=[_OPENING],
    conversations=[
        ExplainedConversation(
            conversation_id="c-77",
            events=9,
            bots=["Order bot"],
            channels=["web"],
            tickets=[ExplainedTicket(ticket_id="t-51", ticket_type="refund")],
        )
    ],
    previous_session=None,
    next_event=None,
    next_session=None,
    arrivals=[
        Arrival(append_no=1, recorded_at="2026-11-22T06:00:00Z", source="default", label="events.ndjson", events=9)
    ],
    restatements=[],
    text="Customer cus_8401 was charged one session.\n",
)
MERGE: Final = MergeBody(customer_id="cus_8401", aliases=["wa-4915"])
MERGED: Final = CustomersChanged(
    change=3,
    aliases=[SameCustomer(customer_id="cus_8401", alias="wa-4915")],
    events=12,
    sessions_before=5,
    sessions_after=4,
    restated_days=1,
)
UNMERGE: Final = UnmergeBody(change=3)
UNMERGED: Final = msgspec.structs.replace(MERGED, change=4, sessions_before=4, sessions_after=5)
EVENT: Final = Event(
    event_id="m-1001",
    occurred_at=_START,
    conversation_id="c-77",
    customer_id="cus_8401",
    actor="customer",
    bot_id="orders",
    channel="web",
)
CLOUDEVENT: Final = CloudEvent(
    specversion="1.0",
    id="m-1001",
    source="/bots/orders",
    type="botmeter.message",
    time=_START,
    subject="c-77",
    data={"customer_id": "cus_8401", "actor": "customer", "bot_id": "orders", "channel": "web"},
)
NDJSON: Final = '{"event_id": "m-1001", …}\n{"event_id": "m-1002", …}\n'
RECEIPT: Final = Receipt(accepted=1, duplicates=0, conflicts=0, rejected=0, rejections=[])
DELIVERY_RECEIPT: Final = DeliveryReceipt(accepted=1, duplicates=0, conflicts=0, rejected=0, rejections=[], ignored=[])
ADDRESSED_SOURCE: Final = AddressedSource(source="support-desk", platform="botmeter")
PROBLEM: Final = problem(
    HTTPStatus.BAD_REQUEST,
    "period_reversed",
    detail="The period starts on 2026-11-22 but ends before that, on 2026-10-24.",
)
