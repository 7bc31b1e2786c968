"""One session, one conversation, one customer: what their pages say, and to whom, whatever the ids are."""

from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory, made_account

from botmeter.domain.account import Account
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.metering.policy import Policy
from botmeter.people.models import AccountPreference, Membership, User
from botmeter.people.rights import Role
from botmeter.reports.explain import explain
from botmeter.reports.explanation_text import explanation_as_text
from botmeter.web.pages.session.window import window_of, window_title

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
    """The links, the text and the elements of a page."""

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


def shown(client: Client, place: str, **given: Any) -> _Page:
    answer = client.get(place, given)
    assert answer.status_code == 200, answer.content
    return _Page(answer.content.decode())


def session_of(ledgers: OpenLedgers, opening_event_id: str) -> str:
    with ledgers.reading("acme") as ledger:
        query = "SELECT session_id::VARCHAR FROM session WHERE opening_event_id = ?"
        found = ledger.connection.execute(query, [opening_event_id]).fetchone()
    assert found is not None
    return str(found[0])


@pytest.fixture
def client(owner: User, browser: Callable[..., Client], ledgers: OpenLedgers) -> Client:
    return browser(owner)


def add(ledgers: OpenLedgers, *events: Any) -> None:
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *events, now_us=NOW_US)


def test_a_session_is_told_from_its_opening_to_what_came_after(client: Client, ledgers: OpenLedgers) -> None:
    page = shown(client, f"/a/acme/sessions/{session_of(ledgers, 'm1')}")
    assert "Opened by a message from customer c1 to Order bot on web, 30 Mar 2026 22:00 UTC." in page.text
    assert "It covers 2 conversations with 2 bots until 31 Mar 2026 22:00 UTC." in page.text
    assert "24 hours from the first message" in page.text
    for effect in ("Opened this session", "Inside the window", "Closed this session", "Opened another session"):
        assert effect in page.text
    assert "Another bot on another channel joins the same session: one runs for each customer." in page.text
    assert f"/a/acme/sessions/{session_of(ledgers, 'm5')}" in page.hrefs


def test_the_page_says_the_same_words_as_the_command(client: Client, ledgers: OpenLedgers) -> None:
    session_id = session_of(ledgers, "m3")
    with ledgers.reading("acme") as ledger:
        text = explanation_as_text(explain(ledger, session_id))
    answer = client.get(f"/a/acme/sessions/{session_id}").content.decode()
    assert text.strip() in unescape(answer)


def test_a_ticket_counts_where_it_was_linked(client: Client, ledgers: OpenLedgers) -> None:
    page = shown(client, f"/a/acme/sessions/{session_of(ledgers, 'm3')}")
    assert "Linked a ticket with Order bot on web, ticket t1, refund" in page.text
    assert "Ticket counted" in page.text


def test_a_run_of_messages_is_summed_up_and_can_be_seen_one_by_one(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, *(event(f"r{n}", f"2026-05-01T10:{n:02}", actor=("customer", "bot")[n % 2]) for n in range(9)))
    place = f"/a/acme/sessions/{session_of(ledgers, 'r0')}"
    page = shown(client, place)
    assert "8 messages: 4 from the customer, 4 from Order bot" in page.text
    assert f"{place}?all=1#events" in page.hrefs
    each = shown(client, place, all=1)
    assert "8 messages" not in each.text
    assert each.text.count("Inside the window") == 8


@pytest.mark.slow
def test_a_huge_session_is_cut_with_a_sentence_and_every_event_can_be_reached(
    client: Client, ledgers: OpenLedgers
) -> None:
    events = [event(f"h{n:04}", "2026-05-01T10:00", conversation_id=f"v{n}") for n in range(1_200)]
    for n, each in enumerate(events):
        each["occurred_at"] += n * 1_000_000
    add(ledgers, *events)
    place = f"/a/acme/sessions/{session_of(ledgers, 'h0000')}"
    page = shown(client, place)
    assert "The first 60 lines are shown; 1,140 more are hidden before the end." in page.text
    assert "Closed this session" in page.text
    assert page.tags.count("li") < 150
    parts = [shown(client, place, all=1, **{"from": first}).text for first in (0, 500, 1_000)]
    assert [sum(part.count(effect) for effect in ("Inside the", "Opened this")) for part in parts] == [500, 500, 200]
    assert f"{place}?all=1&from=500#events" in shown(client, place, all=1).hrefs
    assert f"{place}?all=1&from=1000#events" in shown(client, place, all=1, **{"from": 500}).hrefs


def test_the_local_time_is_a_help_beside_utc(client: Client, ledgers: OpenLedgers) -> None:
    place = f"/a/acme/sessions/{session_of(ledgers, 'm1')}"
    page = shown(client, place, timezone="Asia/Kolkata")
    assert "22:00 UTC, 30 Mar03:30 IST, 31 Mar" in page.text
    AccountPreference.objects.create(account="acme", timezone="Asia/Kathmandu")
    assert "03:45 UTC+05:45, 31 Mar" in shown(client, place).text
    assert client.get(place, {"timezone": "Mars/Olympus"}).status_code == 400


@pytest.mark.parametrize("place", ["/a/acme/sessions/x", "/a/acme/customer", "/a/acme/conversation?id=none"])
def test_what_is_not_there_is_not_found(client: Client, place: str) -> None:
    assert client.get(place).status_code == 404


@pytest.mark.parametrize("given", ["-1", "x", "9" * 12])
def test_a_made_up_place_in_the_story_is_refused(client: Client, ledgers: OpenLedgers, given: str) -> None:
    place = f"/a/acme/sessions/{session_of(ledgers, 'm1')}"
    assert client.get(place, {"all": "1", "from": given}).status_code == 400
    assert client.get("/a/acme/customer", {"id": "c1", "from": given}).status_code == 400
    assert client.get("/a/acme/customer", {"id": "c1", "year": given}).status_code == 400


@pytest.mark.parametrize("foreign", IDS)
def test_every_id_has_its_pages_and_does_nothing_on_them(client: Client, ledgers: OpenLedgers, foreign: str) -> None:
    names = {"customer_id": foreign, "conversation_id": foreign, "bot_id": foreign, "bot_name": foreign}
    add(ledgers, event("n1", "2026-05-01T10:00", channel=foreign, ticket_id=foreign, **names))
    session = shown(client, f"/a/acme/sessions/{session_of(ledgers, 'n1')}")
    [customer] = {href for href in session.hrefs if href.startswith("/a/acme/customer?")}
    [conversation] = {href for href in session.hrefs if href.startswith("/a/acme/conversation?")}
    for href in (customer, conversation):
        page = shown(client, href)
        assert f"/a/acme/sessions/{session_of(ledgers, 'n1')}" in page.hrefs
        assert page.tags.count("script") == session.tags.count("script")
    found = client.get("/a/acme/customers", {"search": foreign})
    assert found.status_code == 302 or customer in _Page(found.content.decode()).hrefs


def test_a_right_to_left_mark_is_shown_as_a_code(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, event("n1", "2026-05-01T10:00", customer_id="\u202elive"))
    page = shown(client, "/a/acme/customer", id="\u202elive")
    assert "Customer \\u202elive" in page.text


def test_a_day_with_one_session_leads_to_it_and_one_with_several_to_their_rows(
    client: Client, ledgers: OpenLedgers
) -> None:
    page = shown(client, "/a/acme/customer", id="c1")
    assert "2 sessions since 30 Mar 2026, the last opened on 1 Apr 2026 23:00 UTC." in page.text
    # Once in the calendar, once in the list.
    assert page.hrefs.count(f"/a/acme/sessions/{session_of(ledgers, 'm1')}") == 2
    made_account(ledgers.folder, Account(name="idle"), policy=Policy(idle_timeout_us=60_000_000))
    Membership.objects.create(user=User.objects.get(), account="idle", role=Role.OWNER)
    with ledgers.writing("idle") as ledger:
        append_events(ledger, *(event(f"i{n}", f"2026-05-01T1{n}:00") for n in range(3)), now_us=NOW_US)
    several = shown(client, "/a/idle/customer", id="c1")
    [day] = [href for href in several.hrefs if "from=2026-05-01" in href]
    assert day.startswith("/a/idle/reports/bot-session-consumption/rows?")
    assert "customer=c1" in day
    assert "1×3" in several.text


def test_days_are_those_of_the_accounts_zone_which_is_named(client: Client, ledgers: OpenLedgers) -> None:
    AccountPreference.objects.create(account="acme", timezone="Asia/Kolkata")
    page = shown(client, "/a/acme/customer", id="c1")
    assert "31 Mar 2026" in page.text
    assert "days of Asia/Kolkata" in page.text
    assert any("timezone=UTC" in href for href in page.hrefs)


def test_a_customer_without_a_session_says_so(client: Client, ledgers: OpenLedgers) -> None:
    add(ledgers, event("g1", "2026-05-01T10:00", customer_id="greeted", actor="bot"))
    assert "No sessions yet" in shown(client, "/a/acme/customer", id="greeted").text


def test_a_conversation_names_its_customer_its_sessions_and_who_said_how_much(
    client: Client, ledgers: OpenLedgers
) -> None:
    page = shown(client, "/a/acme/conversation", id="v3")
    assert "Of customer c2, created on 31 Mar 2026 09:00 UTC. It is part of 1 session." in page.text
    assert "1 customer, 1 system" in page.text
    assert "t1 refund" in page.text
    assert f"/a/acme/sessions/{session_of(ledgers, 'm3')}" in page.hrefs


def test_a_whole_id_leads_to_the_customer_and_the_beginning_of_several_lists_them(client: Client) -> None:
    answer = client.get("/a/acme/customers", {"search": "c2"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/a/acme/customer?id=c2"
    page = shown(client, "/a/acme/customers", search="c")
    assert {"/a/acme/customer?id=c1", "/a/acme/customer?id=c2"} <= set(page.hrefs)
    assert client.get("/a/acme/customers", {"search": " c2 "}).headers["Location"] == "/a/acme/customer?id=c2"
    assert "No matching customers" in shown(client, "/a/acme/customers", search="nobody").text


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
def test_the_window_is_called_after_the_limit_that_applies(policy: Policy, title: str) -> None:
    ledger = ledger_in_memory(policy)
    ending = {"kind": "resolved"} if policy.ends_on else {}
    append_events(
        ledger,
        event("a", "2026-05-01T10:00"),
        event("b", "2026-05-01T10:05", **ending),
        event("c", "2026-05-03T10:05"),
    )
    query = "SELECT session_id::VARCHAR FROM session WHERE opening_event_id = 'a'"
    found = ledger.connection.execute(query).fetchone()
    assert found is not None
    explanation = explain(ledger, found[0])
    assert window_title(explanation) == title
    assert window_of(explanation).ended_us > window_of(explanation).started_us


PLACES = ["/a/acme/bots", "/a/acme/customers", "/a/acme/customer?id=c1", "/a/acme/conversation?id=v3"]


@pytest.mark.parametrize("place", [*PLACES, "/a/acme/sessions/00000000-0000-0000-0000-000000000000"])
def test_who_is_no_member_sees_nothing_and_who_is_not_signed_in_is_asked_to(
    ledgers: OpenLedgers, stranger: User, browser: Callable[..., Client], place: str
) -> None:
    assert browser(stranger).get(place).status_code == 404
    answer = browser().get(place)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("place", PLACES)
def test_a_viewer_sees_every_story(
    ledgers: OpenLedgers, viewer: User, browser: Callable[..., Client], place: str
) -> None:
    assert browser(viewer).get(place).status_code == 200
