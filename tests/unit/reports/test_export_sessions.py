"""Exports with one row per session, conversation or ticket, and the summary of a workbook."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import openpyxl
import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.ledger import Ledger
from botmeter.reports import rows as rows_module
from botmeter.reports.export import Export, RowCount, export_stream
from botmeter.reports.filters import Filters
from botmeter.reports.grain_rows import underlying_data
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import Grain
from botmeter.reports.usage import usage_report
from support.facts import event, filled_ledger

PERIOD = Period(first_on=date(2026, 10, 24), last_on=date(2026, 11, 22))
ASK = UsageQuery(period=PERIOD)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A session of two bots, two channels and two conversations with tickets, and a preview two days later."""
    first = us_from_text("2026-11-19T10:00:00Z")
    ticket = {"actor": "system", "kind": "ticket_linked", "bot_id": None}
    ledger = filled_ledger(
        [
            event("1", first, bot_name="Zoe"),
            event("2", first + 1, bot_id="b2", bot_name="Abe", channel="sms", conversation_id="v0"),
            event("3", first + 2, bot_id=None, actor="customer"),
            event("4", first + 3, ticket_id="T2", ticket_type="refund", **ticket),
            event("5", first + 4, ticket_id="T1", ticket_type="refund", **ticket),
            event("6", first + 5, ticket_id="T1", ticket_type="refund", conversation_id="v0", **ticket),
            event("7", first + 2 * 86_400_000_000, customer_id="c2", conversation_id="v2", preview=True),
        ]
    )
    yield ledger
    ledger.connection.close()


def streamed(ledger: Ledger, query: UsageQuery = ASK, **export: Any) -> bytes:
    return b"".join(export_stream(ledger, query, export=Export(**export)))


def summary(data: bytes) -> dict[str, Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Summary"]
    return {str(label): value for label, value in sheet.iter_rows(values_only=True)}


def test_a_session_is_one_row_with_its_bots_channels_conversations_and_tickets(ledger: Ledger) -> None:
    first, second = (
        underlying_data(ledger, ASK, grain=Grain.SESSION).read_all().drop_columns(["session_id"]).to_pylist()
    )
    assert {name: value for name, value in first.items() if not name.startswith("session_")} == {
        "customer_id": "c1",
        "opening_bot_id": "b1",
        "opening_channel": "web",
        "bots": ["Abe", "Zoe"],
        "channels": ["sms", "web"],
        "conversations": 2,
        "tickets": 2,
        "events": 2,
        "closed_by": "duration",
        "preview": False,
        "conversation_ids": ["v0", "v1"],
        "ticket_ids": ["T1", "T2"],
        "ticket_types": ["refund", "refund"],
    }
    assert (second["customer_id"], second["preview"], second["ticket_ids"]) == ("c2", True, [])
    assert first["session_start"] < second["session_start"]


def test_a_filter_leaves_a_session_what_matches_it(ledger: Ledger) -> None:
    query = UsageQuery(period=PERIOD, filters=Filters(channel=("sms",)))
    [session] = (
        underlying_data(ledger, query, grain=Grain.SESSION, columns=("bots", "channels", "conversations", "events"))
        .read_all()
        .to_pylist()
    )
    assert session == {"bots": ["Abe"], "channels": ["sms"], "conversations": 1, "events": 1}


def test_sessions_read_some_days_at_a_time_are_the_same(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = underlying_data(ledger, ASK, grain=Grain.SESSION).read_all()
    monkeypatch.setattr(rows_module, "_SESSIONS_AT_ONCE", 1)
    assert underlying_data(ledger, ASK, grain=Grain.SESSION).read_all() == whole


def test_a_conversation_is_one_row_with_what_its_sessions_have(ledger: Ledger) -> None:
    first, second, third = underlying_data(ledger, ASK, grain=Grain.CONVERSATION).read_all().to_pylist()
    assert [line["conversation_id"] for line in (first, second, third)] == ["v0", "v1", "v2"]
    assert {name: value for name, value in second.items() if not name.startswith(("conversation_", "last_"))} == {
        "customer_ids": ["c1"],
        "customers": 1,
        "bots": ["Zoe"],
        "channels": ["web"],
        "ticket_ids": ["T1", "T2"],
        "tickets": 2,
        "sessions": 1,
        "events": 1,
    }


def test_a_ticket_is_one_row_with_its_conversations(ledger: Ledger) -> None:
    lines = csv.DictReader(io.StringIO(streamed(ledger, format="csv", grain=Grain.TICKET).decode(), newline=""))
    assert [(line["ticket_id"], line["conversation_ids"], line["sessions"], line["bots"]) for line in lines] == [
        ("T1", "v0; v1", "1", "Abe; Zoe"),
        ("T2", "v1", "1", "Zoe"),
    ]


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_every_format_has_one_row_per_session(ledger: Ledger, form: Any) -> None:
    counts: list[RowCount] = []
    stream = export_stream(ledger, ASK, export=Export(format=form, grain=Grain.SESSION), on_rows=counts.append)
    data = b"".join(stream)
    assert counts == [RowCount(rows=2, sessions=2)]
    if form == "csv":
        [row, _] = csv.DictReader(io.StringIO(data.decode(), newline=""))
        assert (row["bots"], row["conversations"], row["ticket_ids"]) == ("Abe; Zoe", "2", "T1; T2")


def test_columns_of_sessions_are_chosen_and_those_of_rows_refused(ledger: Ledger) -> None:
    lines = streamed(ledger, format="csv", grain=Grain.SESSION, columns=("tickets", "customer_id")).decode().split()
    assert lines == ["tickets,customer_id", "2,c1", "0,c2"]
    with pytest.raises(Refused, match="Unknown column 'bot_id'. Use session_id, .*, ticket_types"):
        Export(format="csv", grain=Grain.SESSION, columns=("bot_id",))


def test_a_workbook_has_a_summary_with_the_totals_of_the_report(ledger: Ledger) -> None:
    report = usage_report(ledger, ASK)
    for grain, row_count in ((Grain.SESSION, 2), (Grain.ROW, 3)):
        assert summary(streamed(ledger, format="xlsx", grain=grain)) == {
            "Account": "acme",
            "Period": "24 Oct \u2013 22 Nov 2026",
            "Days": 30,
            "Time zone": "UTC",
            "Newest event": "21 Nov 2026 10:00:00 UTC",
            "Policy": report.policy,
            "Filters": "none",
            "Sessions consumed": report.sessions_consumed,
            "of which preview": report.preview_count,
            "Conversations": report.conversation_count,
            "Tickets": report.ticket_count,
            "Rows": row_count,
        }


def test_a_summary_names_filters_and_search_and_counts_what_they_find(ledger: Ledger) -> None:
    filters = Filters(bot=("b1",), hour=("thu-10", "sat-10"), preview=False, excluded=Filters(channel=("email",)))
    lines = summary(streamed(ledger, UsageQuery(period=PERIOD, filters=filters), format="xlsx", search="v1"))
    named = {name: lines[name] for name in ("Bot", "Channel", "Start hour", "Preview", "Search")}
    assert named == {
        "Bot": "is Zoe (b1)",
        "Channel": "is not email",
        "Start hour": "is Thu 10:00\u201311:00 or Sat 10:00\u201311:00",
        "Preview": "without previews",
        "Search": "v1",
    }
    counts = [lines[name] for name in ("Sessions consumed", "of which preview", "Conversations", "Tickets", "Rows")]
    assert counts == [1, 0, 1, 2, 1]


def test_the_sheets_of_a_workbook_open_with_filters_over_all_rows(ledger: Ledger) -> None:
    book = openpyxl.load_workbook(io.BytesIO(streamed(ledger, format="xlsx", columns=("session_id", "events"))))
    assert [sheet.title for sheet in book.worksheets] == ["sessions", "Summary"]
    assert book.active is book.worksheets[0]
    assert book.worksheets[0].auto_filter.ref == "A1:B4"
