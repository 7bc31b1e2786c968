"""One answer of each route, for the OpenAPI document and its page. A test holds them against the schemas."""

from typing import Any, Final

_SESSION_ID: Final = "4c10adab-a6a2-87a4-acf7-6c2826b08fbe"
_START: Final = "2026-11-21T22:30:00Z"
_END: Final = "2026-11-22T22:30:00Z"

_ROW: Final[dict[str, Any]] = {
    "session_id": _SESSION_ID,
    "session_start": _START,
    "session_end": _END,
    "customer_id": "cus_8401",
    "conversation_id": "c-77",
    "bot_id": "orders",
    "bot_name": "Order bot",
    "bot_version": "7",
    "channel": "web",
    "conversation_created_at": _START,
    "conversation_updated_at": "2026-11-21T22:41:09Z",
    "ticket_ids": ["t-51"],
    "ticket_types": ["refund"],
    "events": 9,
    "preview": False,
}
_LINE: Final[dict[str, Any]] = {
    "session_id": _SESSION_ID,
    "session_start": _START,
    "session_end": _END,
    "customer_id": "cus_8401",
    "bots": ["Order bot"],
    "channels": ["web"],
    "conversations": 1,
    "tickets": 1,
    "events": 9,
    "closed_by": "duration",
    "preview": False,
}
_EVENT: Final[dict[str, Any]] = {
    "source": "default",
    "event_id": "m-1001",
    "occurred_at": _START,
    "actor": "customer",
    "kind": "message",
    "conversation_id": "c-77",
    "bot_id": "orders",
    "bot_name": "Order bot",
    "bot_version": "7",
    "channel": "web",
    "ticket_id": None,
    "takes_part": True,
}

EXAMPLES: Final[dict[str, Any]] = {
    "session_usage": {
        "account": "acme",
        "policy": "freshchat.session@1",
        "period": {"from": "2026-11-21", "to": "2026-11-22", "timezone": "UTC", "days": 2},
        "filters": {"bot": ["orders"], "bot_version": [], "channel": [], "customer": [], "conversation": []},
        "sessions_consumed": 1,
        "previews": 0,
        "conversations": 1,
        "tickets": 1,
        "trend": [
            {"date": "2026-11-21", "sessions": 1, "tickets": 1},
            {"date": "2026-11-22", "sessions": 0, "tickets": 0},
        ],
        "by_bot": [{"bot_id": "orders", "bot_name": "Order bot", "sessions": 1, "opened": 1}],
        "by_channel": [{"channel": "web", "sessions": 1, "opened": 1}],
        "by_month": [{"month": "2026-11", "sessions": 1, "partial": True}],
        "by_ticket_type": [{"ticket_type": "refund", "tickets": 1, "sessions": 1}],
    },
    "sessions": {"items": [_ROW], "next_cursor": None},
    "session": {**_LINE, "rows": [_ROW]},
    "explanation": {
        "account": "acme",
        "session_id": _SESSION_ID,
        "customer_id": "cus_8401",
        "policy": "freshchat.session@1",
        "policy_definition": {"name": "freshchat.session", "version": 1, "max_duration": "24h"},
        "started_at": _START,
        "ended_at": _END,
        "closed_by": "duration",
        "running": False,
        "preview": False,
        "opening_event": _EVENT,
        "events": [_EVENT],
        "conversations": [
            {
                "conversation_id": "c-77",
                "events": 9,
                "bots": ["Order bot"],
                "channels": ["web"],
                "tickets": [{"ticket_id": "t-51", "ticket_type": "refund"}],
            }
        ],
        "previous_session": None,
        "next_event": None,
        "next_session": None,
        "arrivals": [
            {
                "append_no": 1,
                "recorded_at": "2026-11-22T06:00:00Z",
                "source": "default",
                "label": "events.ndjson",
                "events": 9,
            }
        ],
        "restatements": [],
        "text": "Customer cus_8401 was charged one session.\n",
    },
    "merge": {
        "change": 3,
        "aliases": [{"customer_id": "cus_8401", "alias": "wa-4915"}],
        "events": 12,
        "sessions_before": 5,
        "sessions_after": 4,
        "restated_days": 1,
    },
    "unmerge": {
        "change": 4,
        "aliases": [{"customer_id": "cus_8401", "alias": "wa-4915"}],
        "events": 12,
        "sessions_before": 4,
        "sessions_after": 5,
        "restated_days": 1,
    },
    "problem": {
        "type": "/api/v1/docs#problem-period_reversed",
        "title": "Bad Request",
        "status": 400,
        "detail": "The period starts on 2026-11-22 but ends before that, on 2026-10-24.",
        "code": "period_reversed",
    },
}
