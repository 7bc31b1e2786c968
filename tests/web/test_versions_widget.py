"""The versions of each bot: those that match the filters, compared with the version before."""

import html
import re

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event
from tests.support.report_links import rows_links

from botmeter.domain.text import MINUS, THIN
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db

REPORT = "/a/acme/reports/bot-session-consumption"
WIDGET = f"{REPORT}/widgets/versions"
DAYS = "from=2026-03-01&to=2026-03-29"
OF_B1 = {"bot_id": "b1", "bot_name": "Order bot"}
USED = (
    # Version 1: two sessions, one of them with two conversations, one handed off.
    event("1", "2026-03-02T10:00", customer_id="c11", conversation_id="a1", bot_version="1", **OF_B1),
    event("2", "2026-03-02T10:01", customer_id="c11", conversation_id="a2", bot_version="1", **OF_B1),
    event(
        "3", "2026-03-02T10:02", customer_id="c11", conversation_id="a2", bot_version="1", kind="handoff", actor="bot"
    ),
    event("4", "2026-03-02T11:00", customer_id="c12", conversation_id="a3", bot_version="1", **OF_B1),
    # Version 2, of a later day: one session. In it, b2 answers, too.
    event("5", "2026-03-05T10:00", customer_id="c13", conversation_id="a4", bot_version="2", **OF_B1),
    event("6", "2026-03-05T10:05", customer_id="c13", conversation_id="a4", bot_id="b2", bot_version="x"),
    # No version.
    event("7", "2026-03-06T10:00", customer_id="c14", conversation_id="a5", bot_version=None, **OF_B1),
)


@pytest.fixture
def member(owner: User, browser: MakeBrowser, ledgers: OpenLedgers) -> Client:
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *USED)
    return browser(owner)


def lines_of(member: Client, query: str) -> list[list[str]]:
    """The texts of each line of the widget."""
    page = member.get(f"{WIDGET}?{query}").content.decode()
    table = page[page.index('data-widget="versions"') :].partition("<tbody>")[2].partition("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in table.split("<tr")[1:]]
    return [[" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in rows]


def test_versions_stand_below_their_bot_newest_first_with_the_change_to_the_one_before(member: Client) -> None:
    percent = f"{THIN}%".replace(THIN, " ")
    assert lines_of(member, DAYS) == [
        ["Order bot"],
        ["2 since 5 Mar 2026", f"1 {MINUS}50.0{percent}", f"1.00 {MINUS}0.50", "0.0 0.0", f"0.0{percent} {MINUS}33.3"],
        ["1 since 2 Mar 2026", "2", "1.50", "0.0", f"33.3{percent}"],
        ["No version", "1", "1.00", "0.0", f"0.0{percent}"],
        ["Returns"],
        ["x since 5 Mar 2026", "1", "1.00", "0.0", f"0.0{percent}"],
    ]


@pytest.mark.parametrize(
    ("filters", "bots"),
    [("bot=b2", ["Returns"]), ("bot=b1", ["Order bot"]), ("bot.not=b2", ["Order bot"]), ("bot_version=x", ["Returns"])],
)
def test_only_bots_that_match_the_filters_are_listed(member: Client, filters: str, bots: list[str]) -> None:
    assert [line[0] for line in lines_of(member, f"{DAYS}&{filters}") if len(line) == 1] == bots


def test_a_bot_without_a_version_is_named_in_the_filter(member: Client) -> None:
    page = member.get(f"{REPORT}?{DAYS}&bot=b1&bot_version=b1/").content.decode()
    assert 'aria-label="Remove filter: Version is none of b1"' in page


@pytest.mark.parametrize("query", [DAYS, f"{DAYS}&bot=b2"])
def test_each_number_opens_that_many_sessions(member: Client, query: str) -> None:
    links = rows_links(member.get(f"{WIDGET}?{query}").content.decode(), rows_path=f"{REPORT}/rows")
    assert links
    for link in links:
        [count] = re.findall(r'<h1>[^<]*<span class="num" data-value="(\d+)"', member.get(link.href).content.decode())
        assert int(count) == link.number, link


def test_headings_sort_the_versions_of_each_bot_and_keep_the_page(member: Client) -> None:
    page = member.get(f"{WIDGET}?{DAYS}").content.decode()
    heads = re.findall(r'<a href="([^"]*versions=[^"]*)">([^<]+)', page)
    assert [label for _, label in heads] == [
        "Version",
        "Sessions",
        "Conversations per session",
        "Tickets per 100 sessions",
        "Hand-off rate",
    ]
    assert {html.unescape(href).partition("?")[0] for href, _ in heads} == {WIDGET}
    assert [line[0][:1] for line in lines_of(member, f"{DAYS}&bot=b1&versions=-sessions")[1:]] == ["1", "2", "N"]
    assert [line[0][:1] for line in lines_of(member, f"{DAYS}&bot=b1&versions=handoffs")[1:]] == ["2", "N", "1"]
    assert [line[0][:1] for line in lines_of(member, f"{DAYS}&bot=b1&versions=oldest")[1:]] == ["N", "1", "2"]
    assert member.get(f"{WIDGET}?{DAYS}&versions=best").status_code == 400
