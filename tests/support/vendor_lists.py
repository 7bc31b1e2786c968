"""Vendors' lists and own sessions, written as short rows."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from botmeter.billing.reconcile.reconcile import reconcile
from botmeter.billing.reconcile.result import Reconciliation, Terms
from botmeter.domain.instant import DAY_US, NEVER_US, us_from_text
from botmeter.reports.stored_session import OWN_SCHEMA
from botmeter.sources.vendor_sessions import VENDOR_SCHEMA

SECOND_US = 1_000_000
OCTOBER = (us_from_text("2026-10-01T00:00:00Z"), us_from_text("2026-11-01T00:00:00Z"))


def at(text: str) -> int:
    """`10-03 14:05` or `10-03 14:05:07` in 2026, UTC."""
    return us_from_text(f"2026-{text.replace(' ', 'T')}{':00' if len(text) == 11 else ''}Z")


def theirs(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows of a list, such as `{"at": "10-03 14:05", "customer_id": "c1", "amount": "0.10"}`."""
    table = [
        {
            **dict.fromkeys(VENDOR_SCHEMA.names),
            **row,
            "row": number,
            "started_at": row["at"] if isinstance(row["at"], int) else at(row["at"]),
            "amount": Decimal(row["amount"]) if row.get("amount") else None,
        }
        for number, row in enumerate(rows, start=1)
    ]
    return pa.Table.from_pylist(table, schema=VENDOR_SCHEMA)


def ours(*rows: Mapping[str, Any]) -> pa.Table:
    """Sessions of 24 hours with bot b1 on the web, each of another customer and conversation."""
    table = []
    for number, row in enumerate(rows, start=1):
        started_at = row["at"] if isinstance(row["at"], int) else at(row["at"])
        made = {
            "session_id": f"s{number:07}",
            "ended_at": NEVER_US if row.get("is_endless") else started_at + DAY_US,
            "customer_id": f"c{number}",
            "conversation_id": f"v{number}",
            "bot_id": "b1",
            "channel": "web",
            "preview": False,
        }
        table.append({**made, **row, "started_at": started_at})
    return pa.Table.from_pylist(table, schema=OWN_SCHEMA)


def listed(sessions: pa.Table, *columns: str) -> pa.Table:
    """The list of a vendor that counts the same."""
    rows = [{"at": row["started_at"], **{name: row[name] for name in columns}} for row in sessions.to_pylist()]
    return theirs(*rows)


def compared(their_list: pa.Table, sessions: pa.Table, **terms: Any) -> Reconciliation:
    """Compare in October 2026 with a tolerance of 60 s."""
    start_us, end_us = OCTOBER
    return reconcile(
        their_list,
        sessions,
        terms=Terms(**{"start_us": start_us, "end_us": end_us, "tolerance_us": 60 * SECOND_US, **terms}),
    )


def found(result: Reconciliation) -> list[tuple[str, str, int | None, str | None]]:
    """Kind, reason, row and session of each difference."""
    columns = ("kind", "reason", "their_row", "our_session_id")
    return [tuple(row[name] for name in columns) for row in result.differences.to_pylist()]  # type: ignore[misc]


def received_at(by_session: Mapping[str, str], *, otherwise: str = "10-01 00:00") -> Any:
    """Receipt times of sessions."""

    def receipt_times(session_ids: Sequence[str]) -> Any:
        return np.array([at(by_session.get(each, otherwise)) for each in session_ids], np.int64)

    return receipt_times
