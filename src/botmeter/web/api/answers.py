"""Rows and sessions as the API says them: the keys of the contract, instants as the exports write them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
from django.http import HttpResponse

from botmeter.domain.period import UTC_NAME
from botmeter.reports.export_instants import InstantTexts
from botmeter.reports.row_pages import RowPage, SessionLine, UnderlyingRow


def answer(told: object) -> HttpResponse:
    """The answer as JSON."""
    return HttpResponse(msgspec.json.encode(told), content_type="application/json")


def page_as_mapping(page: RowPage) -> dict[str, Any]:
    """A page of rows or of sessions; instants as the zone of the question has them."""
    zone = page.query.period.timezone
    items = sessions_as_mappings(page.lines, zone=zone) or rows_as_mappings(page.rows, zone=zone)
    return {"items": items, "next_cursor": page.next_cursor}


def rows_as_mappings(rows: Sequence[UnderlyingRow], *, zone: str = UTC_NAME) -> list[dict[str, Any]]:
    """Rows of the underlying data, as `botmeter sessions --format json` has them."""
    told = InstantTexts(zone)
    starts = _texts([row.session_start_us for row in rows], told)
    ends = _texts([row.session_end_us for row in rows], told)
    created = _texts([row.conversation_created_us for row in rows], told)
    updated = _texts([row.conversation_updated_us for row in rows], told)
    return [
        {
            "session_id": row.session_id,
            "session_start": starts[place],
            "session_end": ends[place],
            "customer_id": row.customer_id,
            "conversation_id": row.conversation_id,
            "bot_id": row.bot_id,
            "bot_name": row.bot_name,
            "bot_version": row.bot_version,
            "channel": row.channel,
            "conversation_created_at": created[place],
            "conversation_updated_at": updated[place],
            "ticket_ids": list(row.ticket_ids),
            "ticket_types": list(row.ticket_types),
            "events": row.event_count,
            "preview": row.is_preview,
        }
        for place, row in enumerate(rows)
    ]


def sessions_as_mappings(lines: Sequence[SessionLine], *, zone: str = UTC_NAME) -> list[dict[str, Any]]:
    """Sessions, one item each."""
    told = InstantTexts(zone)
    starts = _texts([line.started_us for line in lines], told)
    ends = _texts([line.ended_us for line in lines], told)
    return [
        {
            "session_id": line.session_id,
            "session_start": starts[place],
            "session_end": ends[place],
            "customer_id": line.customer_id,
            "bots": list(line.bot_names),
            "channels": list(line.channels),
            "conversations": line.conversation_count,
            "tickets": line.ticket_count,
            "events": line.event_count,
            "closed_by": line.closed_by.name.lower(),
            "preview": line.is_preview,
        }
        for place, line in enumerate(lines)
    ]


def _texts(instants_us: list[int | None] | list[int], told: InstantTexts) -> list[str | None]:
    texts: list[str | None] = told.texts(pa.array(instants_us, pa.timestamp("us", tz=UTC_NAME))).to_pylist()
    return texts
