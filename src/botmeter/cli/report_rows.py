"""Session usage report as a flat table."""

from collections.abc import Mapping
from typing import Any

COLUMNS = ("section", "key", "name", "sessions", "opened", "tickets", "conversations", "previews", "partial")

_SECTIONS = (
    ("trend", "day", "date"),
    ("by_month", "month", "month"),
    ("by_bot", "bot", "bot_id"),
    ("by_channel", "channel", "channel"),
    ("by_ticket_type", "ticket_type", "ticket_type"),
)


def report_rows(answer: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the report's JSON values as rows of `COLUMNS`, one per number.

    Returns:
        Sections `total`, `day`, `month`, `bot`, `channel` and `ticket_type`, in this order.
    """
    total = {"section": "total", "sessions": answer["sessions_consumed"]}
    total |= {name: answer[name] for name in ("previews", "conversations", "tickets")}
    rows = [total]
    for key_of_section, section, key in _SECTIONS:
        for entry in answer[key_of_section]:
            row = {"section": section, "key": entry[key], "name": entry.get("bot_name")}
            rows.append(row | {name: entry[name] for name in COLUMNS if name in entry})
    return [{name: row.get(name) for name in COLUMNS} for row in rows]
