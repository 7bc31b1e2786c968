"""All routes of the API."""

from functools import partial
from typing import Annotated, Any, Final

from msgspec import Meta

from botmeter.live.event_body import BODY_BYTES_MAX, EVENTS_MAX
from botmeter.live.event_body import REQUESTS_A_MINUTE as EVENT_REQUESTS_A_MINUTE
from botmeter.people.keys import Scope
from botmeter.reports.explanation_json import Explanation
from botmeter.reports.report_json import UsageReport
from botmeter.web.api import parameters
from botmeter.web.api.answers import (
    Conversations,
    CustomersChanged,
    MergeBody,
    Rows,
    Sessions,
    SessionWithRows,
    Tickets,
    UnmergeBody,
)
from botmeter.web.api.billing_routes import BILLING_ROUTES
from botmeter.web.api.budgets import BUDGET_ROUTES
from botmeter.web.api.cost_centres import COST_CENTRE_ROUTES
from botmeter.web.api.customers import merge, unmerge
from botmeter.web.api.entitlement_answer import EntitlementAnswer
from botmeter.web.api.exports import export
from botmeter.web.api.ingest_schema import AddressedSource, CloudEvent, DeliveryReceipt, Event, EventsProblem, Receipt
from botmeter.web.api.outlook import OUTLOOK_ROUTES
from botmeter.web.api.plans import PLAN_ROUTES
from botmeter.web.api.purchases import PURCHASE_ROUTES
from botmeter.web.api.reconcile import RECONCILE_ROUTES
from botmeter.web.api.route import Content, Route
from botmeter.web.api.route_failures import (
    BUG,
    INGEST,
    NO_ADDRESS,
    NO_KEY,
    NO_SCOPE,
    READ,
    WRONG_ADDRESSES,
    too_many,
)
from botmeter.web.api.route_kinds import change_route, examples_in, read_route
from botmeter.web.api.routes import explanation, session, session_usage, sessions
from botmeter.web.exports import MEDIA_TYPES

_read: Final = partial(read_route, scope=Scope.REPORTS_READ)
_change: Final = partial(change_route, tag="Customers", takes_large_body=True)

EXAMPLES: Final = examples_in("examples.json")
_EVENTS: Final[Any] = Annotated[list[Event], Meta(max_length=EVENTS_MAX)]
_CLOUDEVENTS: Final[Any] = Annotated[list[CloudEvent], Meta(max_length=EVENTS_MAX)]

SEND_EVENTS: Final = Route(
    method="POST",
    path="events",
    operation="send_events",
    summary="Send events",
    description=(
        "One event, an array, NDJSON, or CloudEvents (structured, batched, or binary with `ce-` headers); up to "
        f"{EVENTS_MAX:,} events and {BODY_BYTES_MAX >> 20} MiB, with or without gzip. When it answers 200, the "
        "accepted events are on disk; the receipt has the outcome of each event. Sending the same again counts nothing "
        f"twice. A key may send {EVENT_REQUESTS_A_MINUTE:,} requests a minute."
    ),
    tag="Events",
    scope=Scope.EVENTS_WRITE,
    parameters=parameters.EVENTS,
    body=(
        Content(types=(_EVENTS, Event), example=[EXAMPLES["event"]]),
        Content(
            types=(Annotated[str, Meta(description="One event a line.")],),
            example=EXAMPLES["ndjson"],
            media_type="application/x-ndjson",
        ),
        Content(types=(CloudEvent,), example=EXAMPLES["cloudevent"], media_type="application/cloudevents+json"),
        Content(
            types=(_CLOUDEVENTS,), example=[EXAMPLES["cloudevent"]], media_type="application/cloudevents-batch+json"
        ),
    ),
    answers=(Content(types=(Receipt,), example=EXAMPLES["receipt"]),),
    answer="The accepted events are on disk.",
    failures={
        **INGEST,
        401: NO_KEY,
        403: NO_SCOPE,
        409: "With `atomic=true`: an event was sent before with different content, and none was accepted.",
        422: "With `atomic=true`: an event was rejected, and none was accepted.",
        429: too_many(EVENT_REQUESTS_A_MINUTE),
    },
    problem=EventsProblem,
)

ENTITLEMENTS_A_MINUTE: Final = 60_000
"""Five times what is promised to be answered in 20 ms, for several bots with one key."""

ENTITLEMENT: Final = Route(
    method="GET",
    path="accounts/{account}/entitlement",
    operation="entitlement",
    summary="Ask before a bot replies",
    description=(
        "Would the next message open a session, which session is it in, what would it cost, and does a brake refuse "
        "it? Counts every acknowledged event, settled or not. `allowed` is false only if the message opens a session "
        "and a budget that is a brake, the plan's cap or the plan's `stop` refuses that. "
        f"A key may ask {ENTITLEMENTS_A_MINUTE:,} times a minute."
    ),
    tag="Entitlement",
    scope=Scope.ENTITLEMENT_READ,
    parameters=parameters.ENTITLEMENT,
    answers=(Content(types=(EntitlementAnswer,), example=EXAMPLES["entitlement"]),),
    failures={**READ, 429: too_many(ENTITLEMENTS_A_MINUTE)},
)

# Routes without a view are answered by `server.events`, `server.webhooks` and `server.entitlement`.
ROUTES: Final = (
    # The first match wins, so `sessions/export` stands before `sessions/{session_id}`.
    _read(
        path="accounts/{account}/reports/session-usage",
        operation="session_usage",
        summary="The session usage report",
        description=(
            "How many sessions were consumed in a period, and their splits by day, month, bot, channel and type of "
            "ticket. The same numbers as the page and `botmeter report --format json`."
        ),
        tag="Reports",
        parameters=parameters.QUESTION + parameters.COMPARISON,
        answers=(Content(types=(UsageReport,), example=EXAMPLES["session_usage"]),),
        view=session_usage,
    ),
    _read(
        path="accounts/{account}/sessions",
        operation="sessions",
        summary="The underlying data, page by page",
        description=(
            "What the report's numbers count: rows, or with `grain` one item for each session, conversation or ticket. "
            "Follow `next_cursor` until it is null: every item comes once, however long it takes."
        ),
        tag="Sessions",
        parameters=parameters.QUESTION + parameters.PAGE,
        answers=(Content(types=(Rows, Sessions, Conversations, Tickets), example=EXAMPLES["sessions"]),),
        view=sessions,
    ),
    _read(
        path="accounts/{account}/sessions/export",
        operation="export",
        summary="The underlying data as a file",
        description=(
            "All rows behind the report's numbers, or one row for each session with `grain=session`, streamed while "
            "they are written; the same files as the pages offer and `botmeter sessions -o` writes."
        ),
        tag="Exports",
        scope=Scope.EXPORTS_READ,
        parameters=parameters.QUESTION + parameters.FILE,
        answers=tuple(Content(media_type=media_type) for media_type in MEDIA_TYPES.values()),
        view=export,
    ),
    _read(
        path="accounts/{account}/sessions/{session_id}",
        operation="session",
        summary="One session with its rows",
        tag="Sessions",
        answers=(Content(types=(SessionWithRows,), example=EXAMPLES["session"]),),
        view=session,
    ),
    _read(
        path="accounts/{account}/sessions/{session_id}/explanation",
        operation="explanation",
        summary="Why a session was charged",
        description=(
            "The event that opened it, who took part, what ended it, and the rule; the same as "
            "`botmeter explain --format json`."
        ),
        tag="Sessions",
        answers=(Content(types=(Explanation,), example=EXAMPLES["explanation"]),),
        view=explanation,
    ),
    _change(
        path="accounts/{account}/customers/merge",
        operation="merge",
        summary="Merge customers",
        description=(
            "Counts other ids of a customer as that customer: all past events sent under them, and all future ones. "
            "Sessions of these customers are metered again, and past days that change are recorded as restated. One "
            "customer or a list of them, at most 1,000 aliases; all of it is done or none. Repeating a merge is no "
            "error."
        ),
        body=(Content(types=(MergeBody, list[MergeBody]), example=EXAMPLES["merge"]),),
        answers=(Content(types=(CustomersChanged,), example=EXAMPLES["merged"]),),
        view=merge,
    ),
    _change(
        path="accounts/{account}/customers/unmerge",
        operation="unmerge",
        summary="Undo a merge",
        description=(
            "By its aliases, or all aliases of one change that are in force. Their events count again as they were "
            "sent, and what that changes is restated."
        ),
        body=(Content(types=(UnmergeBody,), example=EXAMPLES["unmerge"]),),
        answers=(Content(types=(CustomersChanged,), example=EXAMPLES["unmerged"]),),
        view=unmerge,
    ),
    *BILLING_ROUTES,
    *OUTLOOK_ROUTES,
    *PLAN_ROUTES,
    *PURCHASE_ROUTES,
    *BUDGET_ROUTES,
    *COST_CENTRE_ROUTES,
    *RECONCILE_ROUTES,
    ENTITLEMENT,
    SEND_EVENTS,
    Route(
        method="POST",
        path="webhooks/{source}/{key}",
        operation="deliver",
        summary="Deliver to a source",
        description=(
            "Webhook of a bot platform; its address is under Admin, Sources. The platform's signature is checked if "
            "the source has a secret. A payload that can't be read is kept whole in quarantine, and is no failure for "
            "the platform. OPTIONS answers the handshake of CloudEvents."
        ),
        tag="Events",
        body=(Content(types=(Any,), example={"…": "…"}),),
        answers=(Content(types=(DeliveryReceipt,), example=EXAMPLES["delivery_receipt"]),),
        answer="The accepted events are on disk.",
        failures={
            **INGEST,
            401: "The signature is missing, wrong, or too old.",
            403: "The source is turned off.",
            429: WRONG_ADDRESSES,
        },
    ),
    Route(
        method="GET",
        path="webhooks/{source}/{key}",
        operation="handshake",
        summary="Verify the address of a source",
        description=(
            "Meta's check has `hub.mode`, `hub.verify_token` and `hub.challenge`, and expects the last one back."
        ),
        tag="Events",
        answers=(
            Content(types=(AddressedSource,), example=EXAMPLES["addressed_source"]),
            Content(types=(str,), example="1158201444", media_type="text/plain"),
        ),
        answer="The address belongs to this source.",
        failures={
            400: "The address can't be read.",
            403: "The source is turned off, or the verify token is wrong.",
            404: NO_ADDRESS,
            413: "The address has too many parameters.",
            429: WRONG_ADDRESSES,
            500: f"{BUG} The events may or may not be stored.",
            503: "The server is starting or stopping; try again after `Retry-After` seconds.",
        },
    ),
)
