"""Pages of sessions, conversations and customers: their contents and access, with any ids."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory, made_account

from botmeter.domain.account import Account
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.metering.policy import Policy
from botmeter.people.models import AccountPreference, AuditEntry, Membership, User
from botmeter.people.rights import Role
from botmeter.reports.explain import explain
from botmeter.reports.explanation_text import explanation_as_text
from botmeter.web.pages.session.window import window_of, window_title
from support.served import served
from support.server_state import in_use

pytestmark = pytest.mark.django_db

IDS = [
    "../../etc/passwd",
    "..",
    "a/b%2Fc?d#e",
    "<script>alert(1)</script>",
    "\u202elive\u202c",
    "مرحبا بالعالم",
    " two  spaces ",
    "%00",
    "a&b=c;d",
    "\"quoted'",
    "x" * 512,
]


class _Page(HTMLParser):
    """Links, text and tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def page_at(client: Client, path: str, **parameters: Any) -> _Page:
    answer = client.get(path, parameters)
    assert answer.status_code == 200, answer.content
    return _Page(answer.content.decode())


def session_of(ledgers: OpenLedgers, opening_event_id: str) -> str:
    with ledgers.reading("acme") as ledger:
        query = "SELECT session_id::VARCHAR FROM session WHERE opening_event_id = ?"
        row = ledger.connection.execute(query, [opening_event_id]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture
def client(owner: User, browser: Callable[..., Client], ledgers: OpenLedgers) -> Client:
    return browser(owner)


def add(ledgers: OpenLedgers, *events: Any) -> None:
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *events, now_us=NOW_US)


def test_a_session_lists_its_events_from_the_opening_to_the_next_session(client: Client, ledgers: OpenLedgers) -> None:
    page = page_at(client, f"/a/acme/sessions/{session_of(ledgers, 'm1')}")
    assert "Opened by a message from customer c1 to Order bot on web, 30 Mar 2026 22:00 UTC." in page.text
    assert "It covers 2 conversations with 2 bots until 31 Mar 2026 22:00 UTC." in page.text
    assert "24 hours from the first message" in page.text
    for effect in ("Opened this session", "Inside the window", "Closed this session", "Opened another session"):
        assert effect in page.text
    assert (
        "Another bot on another channel joins the same session, as there is one session at a time for each customer."
        in page.text
    )
    assert f"/a/acme/sessions/{session_of(ledgers, 'm5')}" in page.hrefs


def test_the_page_has_the_same_explanation_as_the_command(client: Client, ledgers: OpenLedgers) -> None:
    session_id = session_of(ledgers, "m3")
    with ledgers.reading("acme") as ledger:
        text = explanation_as_text(explain(ledger, session_id))
    answer = client.get(f"/a/acme/sessions/{session_id}").content.decode()
    assert text.strip() in unescape(answer)


def test_the_explanation_in_words_is_folded(client: Client, ledgers: OpenLedgers) -> None:
    page = client.get(f"/a/acme/sessions/{session_of(ledgers, 'm3')}").content.decode()
    assert "Explanation as text" in page.partition('<details class="in-words"><summary>')[2].partition("</summary>")[0]


def test_a_session_can_be_shared_printed_and_exported(client: Client, ledgers: OpenLedgers) -> None:
    session_id = session_of(ledgers, "m1")
    path = f"/a/acme/sessions/{session_id}"
    page = client.get(path).content.decode()
    assert f'data-copy="http://testserver{path}"' in page
    assert 'data-behaviour="print"' in page
    share = re.search(r'href="(/a/acme/shares\?[^"]*)"', page)
    assert share
    assert "customer c1" in page_at(client, unescape(share[1])).text
    files = {name: client.get(f"{path}/export.{name}") for name in ("txt", "json", "csv")}
    with ledgers.reading("acme") as ledger:
        explanation = explain(ledger, session_id)
    assert files["txt"].content.decode() == explanation_as_text(explanation)
    assert json.loads(files["json"].content)["session_id"] == session_id
    rows = list(csv.DictReader(io.StringIO(files["csv"].content.decode())))
    assert [row["event_id"] for row in rows] == [event.event_id for event in explanation.events]
    assert [file.headers["Content-Disposition"] for file in files.values()] == [
        f'attachment; filename="session_{session_id}.{name}"' for name in files
    ]
    assert AuditEntry.objects.filter(action="exported").count() == 3
    assert client.get(f"{path}/export.exe").status_code == 404


def test_a_viewer_without_export_is_offered_none(
    viewer: User, browser: Callable[..., Client], ledgers: OpenLedgers
) -> None:
    path = f"/a/acme/sessions/{session_of(ledgers, 'm1')}"
    client = browser(viewer)
    page = client.get(path).content.decode()
    assert "/export." not in page
    assert "/a/acme/shares" not in page
    assert client.get(f"{path}/export.json").status_code == 403


def test_a_ticket_counts_in_the_session_in_which_it_was_linked(client: Client, ledgers: OpenLedgers) -> None:
    page = page_at(client, f"/a/acme/sessions/{session_of(ledgers, 'm3')}")
    assert "Linked a ticket with Order bot on web, ticket t1, refund" in page.text
    assert "Ticket counted" in page.text


def test_a_run_of_messages_is_summarized_and_can_be_expanded(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, *(event(f"r{n}", f"2026-05-01T10:{n:02}", actor=("customer", "bot")[n % 2]) for n in range(9)))
    path = f"/a/acme/sessions/{session_of(ledgers, 'r0')}"
    page = page_at(client, path)
    assert "8 messages: 4 from the customer, 4 from Order bot" in page.text
    assert f"{path}?all=1#events" in page.hrefs
    all_events = page_at(client, path, all=1)
    assert "8 messages" not in all_events.text
    assert all_events.text.count("Inside the window") == 8


@pytest.mark.slow
def test_a_huge_session_is_cut_and_all_its_events_can_be_paged(client: Client, ledgers: OpenLedgers) -> None:
    events = [event(f"h{n:04}", "2026-05-01T10:00", conversation_id=f"v{n}") for n in range(1_200)]
    for n, each in enumerate(events):
        each["occurred_at"] += n * 1_000_000
    add(ledgers, *events)
    path = f"/a/acme/sessions/{session_of(ledgers, 'h0000')}"
    page = page_at(client, path)
    assert "The first 60 lines are shown; 1,140 more are hidden before the end." in page.text
    assert "Closed this session" in page.text
    assert page.tags.count("li") < 150
    parts = [page_at(client, path, all=1, **{"from": first}).text for first in (0, 500, 1_000)]
    assert [sum(part.count(effect) for effect in ("Inside the", "Opened this")) for part in parts] == [500, 500, 200]
    assert f"{path}?all=1&from=500#events" in page_at(client, path, all=1).hrefs
    assert f"{path}?all=1&from=1000#events" in page_at(client, path, all=1, **{"from": 500}).hrefs


def test_local_times_are_shown_beside_utc(client: Client, ledgers: OpenLedgers) -> None:
    path = f"/a/acme/sessions/{session_of(ledgers, 'm1')}"
    page = page_at(client, path, timezone="Asia/Kolkata")
    assert "22:00 UTC, 30 Mar03:30 IST, 31 Mar" in page.text
    AccountPreference.objects.create(account="acme", timezone="Asia/Kathmandu")
    assert "03:45 UTC+05:45, 31 Mar" in page_at(client, path).text
    assert client.get(path, {"timezone": "Mars/Olympus"}).status_code == 400


@pytest.mark.parametrize("path", ["/a/acme/sessions/x", "/a/acme/customer", "/a/acme/conversation?id=none"])
def test_an_unknown_id_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["-1", "x", "9" * 12])
def test_an_invalid_position_in_a_list_is_refused(client: Client, ledgers: OpenLedgers, number: str) -> None:
    path = f"/a/acme/sessions/{session_of(ledgers, 'm1')}"
    assert client.get(path, {"all": "1", "from": number}).status_code == 400
    assert client.get("/a/acme/customer", {"id": "c1", "from": number}).status_code == 400
    assert client.get("/a/acme/customer", {"id": "c1", "year": number}).status_code == 400


@pytest.fixture(scope="module")
def ledgers_with_ids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedgers]:
    """Open ledgers of an account with one session for each id, opened by the event `n` and the id's position."""
    texts = ("customer_id", "conversation_id", "bot_id", "bot_name", "channel", "ticket_id")
    events = [
        event(f"n{number}", "2026-05-01T10:00", **dict.fromkeys(texts, foreign)) for number, foreign in enumerate(IDS)
    ]
    with served(tmp_path_factory.mktemp("ids") / "data", {"acme": events}) as ledgers:
        yield ledgers


@pytest.mark.parametrize(("number", "foreign"), list(enumerate(IDS)))
def test_each_id_has_working_pages_and_is_never_markup(
    ledgers_with_ids: OpenLedgers, owner: User, browser: Callable[..., Client], number: int, foreign: str
) -> None:
    client, session_id = browser(owner), session_of(ledgers_with_ids, f"n{number}")
    with in_use(ledgers_with_ids):
        assert_pages_work(client, session_id, foreign=foreign)


def assert_pages_work(client: Client, session_id: str, *, foreign: str) -> None:
    session = page_at(client, f"/a/acme/sessions/{session_id}")
    [customer] = {href for href in session.hrefs if href.startswith("/a/acme/customer?")}
    [conversation] = {href for href in session.hrefs if href.startswith("/a/acme/conversation?")}
    for href in (customer, conversation):
        page = page_at(client, href)
        assert f"/a/acme/sessions/{session_id}" in page.hrefs
        assert page.tags.count("script") == session.tags.count("script")
    answer = client.get("/a/acme/customers", {"search": foreign})
    assert answer.status_code == 302 or customer in _Page(answer.content.decode()).hrefs


def test_a_right_to_left_mark_is_escaped(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, event("n1", "2026-05-01T10:00", customer_id="\u202elive"))
    page = page_at(client, "/a/acme/customer", id="\u202elive")
    assert "Customer \\u202elive" in page.text


@pytest.mark.slow
def test_a_month_links_to_its_session_or_to_the_rows_of_several(client: Client, ledgers: OpenLedgers) -> None:
    page = page_at(client, "/a/acme/customer", id="c1")
    assert "2 sessions since 30 Mar 2026, the last opened on 1 Apr 2026 23:00 UTC." in page.text
    # Once in the strip, once in the list.
    assert page.hrefs.count(f"/a/acme/sessions/{session_of(ledgers, 'm1')}") == 2
    made_account(ledgers.folder, Account(name="idle"), policy=Policy(idle_timeout_us=60_000_000))
    Membership.objects.create(user=User.objects.get(), account="idle", role=Role.OWNER)
    starts = ("2026-05-01T10:00", "2026-05-01T11:00", "2026-05-31T23:00")
    with ledgers.writing("idle") as ledger:
        append_events(ledger, *(event(f"i{n}", at) for n, at in enumerate(starts)), now_us=NOW_US)
    page_of_several = page_at(client, "/a/idle/customer", id="c1")
    [month] = [href for href in page_of_several.hrefs if "from=2026-05-01" in href]
    assert month.startswith("/a/idle/reports/bot-session-consumption/rows?")
    assert "to=2026-05-31" in month
    assert "customer=c1" in month
    assert "May3" in page_of_several.text
    answer = client.get("/a/idle/customer", {"id": "c1"}).content.decode()
    assert 'title="May 2026: 3 sessions on 1 (×2) and 31"' in answer
    assert "3 sessions" in page_at(client, month).text


def test_a_year_is_one_row_of_months_above_the_sessions(client: Client) -> None:
    page = client.get("/a/acme/customer", {"id": "c1"}).content.decode()
    strip, _, below = page.partition('<ol class="year-strip">')[2].partition("</ol>")
    assert strip.count("<li") == 12
    assert strip.count("<a ") == 2
    assert "<table" not in page.partition("<main")[2].partition('<ol class="year-strip">')[0]
    assert below.partition("<h2")[2].startswith(' id="sessions">Sessions</h2>')


def test_months_of_a_customer_are_in_the_accounts_time_zone_which_is_named(
    client: Client, ledgers: OpenLedgers
) -> None:
    AccountPreference.objects.create(account="acme", timezone="Asia/Kolkata")
    page = page_at(client, "/a/acme/customer", id="c1")
    assert "31 Mar 2026" in page.text
    assert "2 sessions, Asia/Kolkata" in page.text
    assert any("timezone=UTC" in href for href in page.hrefs)


def test_a_customer_without_sessions_has_an_empty_state(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, event("g1", "2026-05-01T10:00", customer_id="greeted", actor="bot"))
    assert "No sessions yet" in page_at(client, "/a/acme/customer", id="greeted").text


def test_a_conversation_shows_its_customer_sessions_and_event_counts(client: Client, ledgers: OpenLedgers) -> None:
    page = page_at(client, "/a/acme/conversation", id="v3")
    assert "Of customer c2, created on 31 Mar 2026 09:00 UTC. It is part of 1 session." in page.text
    assert "1 customer, 1 system" in page.text
    assert "t1 refund" in page.text
    assert f"/a/acme/sessions/{session_of(ledgers, 'm3')}" in page.hrefs


def test_a_full_id_redirects_to_the_customer_and_a_prefix_lists_matches(client: Client) -> None:
    answer = client.get("/a/acme/customers", {"search": "c2"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/a/acme/customer?id=c2"
    page = page_at(client, "/a/acme/customers", search="c")
    assert {"/a/acme/customer?id=c1", "/a/acme/customer?id=c2"} <= set(page.hrefs)
    assert client.get("/a/acme/customers", {"search": " c2 "}).headers["Location"] == "/a/acme/customer?id=c2"
    assert "No matching customers" in page_at(client, "/a/acme/customers", search="nobody").text


@pytest.mark.parametrize(
    ("policy", "title"),
    [
        (Policy(idle_timeout_us=30 * 60_000_000), "Until 30 minutes of inactivity"),
        (Policy(calendar="day", timezone="Asia/Kolkata"), "Until the day ends in Asia/Kolkata"),
        (Policy(ends_on=frozenset({"resolved"})), "Until an end event"),
        (Policy(max_turns=1), "At most 1 turn"),
        (Policy(), "No limit from the first message"),
    ],
)
def test_the_window_is_titled_by_the_limit_that_applies(policy: Policy, title: str) -> None:
    ledger = ledger_in_memory(policy)
    ending = {"kind": "resolved"} if policy.ends_on else {}
    append_events(
        ledger,
        event("a", "2026-05-01T10:00"),
        event("b", "2026-05-01T10:05", **ending),
        event("c", "2026-05-03T10:05"),
    )
    query = "SELECT session_id::VARCHAR FROM session WHERE opening_event_id = 'a'"
    row = ledger.connection.execute(query).fetchone()
    assert row is not None
    explanation = explain(ledger, row[0])
    assert window_title(explanation) == title
    assert window_of(explanation).ended_us > window_of(explanation).started_us


PATHS = ["/a/acme/bots", "/a/acme/customers", "/a/acme/customer?id=c1", "/a/acme/conversation?id=v3"]


@pytest.mark.parametrize("path", [*PATHS, "/a/acme/sessions/00000000-0000-0000-0000-000000000000"])
def test_strangers_get_404_and_signed_out_visitors_are_sent_to_sign_in(
    ledgers: OpenLedgers, stranger: User, browser: Callable[..., Client], path: str
) -> None:
    assert browser(stranger).get(path).status_code == 404
    answer = browser().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", PATHS)
def test_a_viewer_sees_each_page(ledgers: OpenLedgers, viewer: User, browser: Callable[..., Client], path: str) -> None:
    assert browser(viewer).get(path).status_code == 200
