"""Rows and sessions as the API says them: the keys of the contract, instants in RFC 3339 UTC, as in the exports."""

from typing import Any

import msgspec
from django.http import HttpResponse

from botmeter.domain.instant import INSTANT_END_US, text_from_us
from botmeter.reports.row_pages import RowPage, SessionLine, UnderlyingRow


def answer(told: object) -> HttpResponse:
    """The answer as JSON."""
    return HttpResponse(msgspec.json.encode(told), content_type="application/json")


def page_as_mapping(page: RowPage) -> dict[str, Any]:
    """A page of rows or of sessions."""
    items = [session_as_mapping(line) for line in page.lines] or [row_as_mapping(row) for row in page.rows]
    return {"items": items, "next_cursor": page.next_cursor}


def row_as_mapping(row: UnderlyingRow) -> dict[str, Any]:
    """One row of the underlying data, as `botmeter sessions --format json` has it."""
    return {
        "session_id": row.session_id,
        "session_start": _instant(row.session_start_us),
        "session_end": _instant(row.session_end_us),
        "customer_id": row.customer_id,
        "conversation_id": row.conversation_id,
        "bot_id": row.bot_id,
        "bot_name": row.bot_name,
        "bot_version": row.bot_version,
        "channel": row.channel,
        "conversation_created_at": _instant(row.conversation_created_us),
        "conversation_updated_at": _instant(row.conversation_updated_us),
        "ticket_ids": list(row.ticket_ids),
        "ticket_types": list(row.ticket_types),
        "events": row.event_count,
        "preview": row.is_preview,
    }


def session_as_mapping(line: SessionLine) -> dict[str, Any]:
    """One session."""
    return {
        "session_id": line.session_id,
        "session_start": _instant(line.started_us),
        "session_end": _instant(line.ended_us),
        "customer_id": line.customer_id,
        "bots": list(line.bot_names),
        "channels": list(line.channels),
        "conversations": line.conversation_count,
        "tickets": line.ticket_count,
        "events": line.event_count,
        "closed_by": line.closed_by.name.lower(),
        "preview": line.is_preview,
    }


def _instant(at_us: int | None) -> str | None:
    """RFC 3339; None for no end, and for one in a year that RFC 3339 can't say."""
    return None if at_us is None or at_us >= INSTANT_END_US else text_from_us(at_us)
