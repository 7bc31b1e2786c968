"""Exports of pages: what is listed, nothing where nothing is, with their progress."""

import csv
import io
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from django.test import Client

from botmeter.domain.text import counted
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.export_progress import KEPT_MAX, ExportProgressByUser
from botmeter.live.export_slots import SENDING_BY_ACCOUNT_MAX
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry, User
from botmeter.web.pages.report.widgets import WIDGETS

from .conftest import MakeBrowser

REPORT = "/a/acme/reports/bot-session-consumption"
DAYS = "from=2026-03-01&to=2026-04-30"
NO_DAYS = "from=2025-03-01&to=2025-03-02"

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> Client:
    return browser(owner)


def page_of(member: Client, path: str) -> str:
    response = member.get(path)
    assert response.status_code == 200
    return response.content.decode()


def export_hrefs(page: str) -> list[str]:
    return [href.replace("&amp;", "&") for href in re.findall(r'href="([^"]*export\.[a-z]+[^"]*)"', page)]


def content_of(member: Client, href: str) -> bytes:
    response = member.get(href)
    assert response.status_code == 200
    return b"".join(response) if response.streaming else response.content


@pytest.mark.slow
def test_what_the_page_lists_is_exported_one_a_row(member: Client) -> None:
    grains = {
        DAYS: "session",
        f"{DAYS}&group=conversation": "row",
        f"{DAYS}&grain=conversation": "conversation",
        f"{DAYS}&grain=ticket": "ticket",
    }
    for query, grain in grains.items():
        page = page_of(member, f"{REPORT}/rows?{query}")
        [href, *_] = [href for href in export_hrefs(page) if "export.csv" in href]
        assert parse_qs(urlsplit(href).query).get("grain") == [grain]
        rows = list(csv.DictReader(io.StringIO(content_of(member, href).decode(), newline="")))
        [label] = re.findall(r"Export ([\d,]+ (?:session|row|conversation|ticket)s?):", page)
        assert label == counted(len(rows), grain)


def test_chosen_columns_of_sessions_are_those_of_the_file(member: Client) -> None:
    content = content_of(member, f"{REPORT}/rows/export.csv?{DAYS}&grain=session&columns=customer,tickets")
    assert content.split()[0] == b"customer_id,tickets"


def test_nothing_is_offered_for_no_rows(member: Client) -> None:
    for path in (f"{REPORT}/rows?{NO_DAYS}", f"{REPORT}?{NO_DAYS}", f"{REPORT}/widgets/bot-consumption?{NO_DAYS}"):
        page = page_of(member, path)
        assert not export_hrefs(page)
        assert ">Export<" not in page
    assert export_hrefs(page_of(member, f"{REPORT}?{DAYS}"))


def test_those_who_may_not_export_are_offered_nothing(ledgers: OpenLedgers, browser: MakeBrowser, viewer: User) -> None:
    client = browser(viewer)
    for path in (f"{REPORT}?{DAYS}", f"{REPORT}/rows?{DAYS}", f"{REPORT}/widgets/hours?{DAYS}"):
        assert not export_hrefs(page_of(client, path))
    assert client.get(f"{REPORT}/widgets/hours/export.csv?{DAYS}").status_code == 403


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.name)
def test_a_widget_is_exported_with_the_numbers_of_the_report(member: Client, widget: Any) -> None:
    href = f"{REPORT}/widgets/{widget.name}/export"
    lines = list(csv.DictReader(io.StringIO(content_of(member, f"{href}.csv?{DAYS}").decode(), newline="")))
    [name] = [name for name in ("count", "opened", "sessions", "tickets") if name in lines[0]][:1]
    report = json.loads(content_of(member, f"{href}.json?{DAYS}"))
    assert sum(int(line[name] or 0) for line in lines) == sum(line[name] or 0 for line in report) > 0
    book = openpyxl.load_workbook(io.BytesIO(content_of(member, f"{href}.xlsx?{DAYS}")))
    assert (book["Summary"]["B1"].value, book.worksheets[0].max_row) == (widget.title, len(lines) + 1)
    assert AuditEntry.objects.filter(action="exported").count() == 3


def test_a_widget_is_exported_with_the_period_that_it_is_compared_with(member: Client) -> None:
    days, days_before = "from=2026-03-31&to=2026-04-01", "from=2026-03-29&to=2026-03-30"
    for name, column in (
        ("sessions-consumed", "count"),
        ("session-consumption-trend", "sessions"),
        ("bot-consumption", "opened"),
        ("channel-consumption", "sessions"),
    ):
        path = f"{REPORT}/widgets/{name}/export"
        compared = json.loads(content_of(member, f"{path}.json?{days}"))
        before = json.loads(content_of(member, f"{path}.json?{days_before}&compare=none"))
        assert f"compared_{column}" not in before[0]
        key = next(iter(compared[0]))
        values = {line[key]: line[column] for line in before if line[column]}
        if key == "date":
            assert sum(line[f"compared_{column}"] or 0 for line in compared) == sum(values.values())
        else:
            shown = {line[key]: line[f"compared_{column}"] for line in compared if line[f"compared_{column}"]}
            assert shown == {each: values[each] for each in shown}
        assert any(line[f"compared_{column}"] for line in compared)
    book = openpyxl.load_workbook(io.BytesIO(content_of(member, f"{path}.xlsx?{days}")))
    assert book["Summary"].cell(book["Summary"].max_row - 1, 2).value == "29 \u2013 30 Mar 2026"


def test_an_unknown_format_of_a_widget_is_not_found(member: Client) -> None:
    assert member.get(f"{REPORT}/widgets/hours/export.docx?{DAYS}").status_code == 404


def progress(member: Client, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = member.get(f"{REPORT}/rows/exports/{name}").json()
    return answer


def test_an_export_says_how_far_it_is(member: Client) -> None:
    name = "0123456789abcdef"
    assert progress(member, name) == {"state": "waiting", "rows": 0, "problem": ""}
    response = member.get(f"{REPORT}/rows/export.csv?{DAYS}&progress={name}")
    assert next(response.streaming_content).startswith(b"session_id,")
    assert progress(member, name) == {"state": "writing", "rows": 0, "problem": ""}
    row_count = b"".join(response.streaming_content).count(b"\n")
    assert progress(member, name) == {"state": "written", "rows": row_count, "problem": ""}


def test_a_refused_export_says_why(member: Client, state: ServerState) -> None:
    for _ in range(SENDING_BY_ACCOUNT_MAX):
        state.exports.begin_sending("acme")
    assert member.get(f"{REPORT}/rows/export.csv?{DAYS}&progress=01234567").status_code == 503
    told = progress(member, "01234567")
    assert (told["state"], "4 exports of acme are being sent" in told["problem"]) == ("failed", True)


def test_an_export_is_shown_to_the_user_who_started_it(
    member: Client, browser: MakeBrowser, viewer: User, make_export_known: None
) -> None:
    assert progress(member, "89abcdef")["state"] == "written"
    assert browser(viewer).get(f"{REPORT}/rows/exports/89abcdef").status_code == 403


@pytest.fixture
def make_export_known(member: Client) -> None:
    content_of(member, f"{REPORT}/rows/export.csv?{DAYS}&progress=89abcdef")


def test_the_name_of_an_export_is_checked(member: Client) -> None:
    refused = member.get(f"{REPORT}/rows/export.csv?{DAYS}&progress=../x")
    assert refused.status_code == 400
    assert "8 to 64 of 0-9a-f" in refused.content.decode()


def test_only_the_latest_exports_are_known() -> None:
    exports = ExportProgressByUser()
    for number in range(KEPT_MAX + 1):
        exports.begin(1, str(number)).note_rows(7)
    assert [exports.find(user, name).row_count for user, name in ((1, "0"), (1, "1"), (2, "1"))] == [0, 7, 0]
