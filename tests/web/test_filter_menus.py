"""The menus of filters: "is" and "is not", without a script, on the report and behind a shared link."""

import html
import re
from urllib.parse import parse_qsl, urlencode

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from support.html import widget_values

from .conftest import MakeBrowser
from .test_report_page import REPORT, SPRING, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    """The browser of an owner of the account."""
    return browser(owner)


def session_count(page: str) -> int:
    return int(widget_values(page)["sessions-consumed"][0]["data-value"])


def active_filters(page: str) -> list[str]:
    return re.findall(r'aria-label="Remove filter: ([^"]+)"', page)


def checked_values(page: str, name: str) -> list[str]:
    return re.findall(rf'type="checkbox" name="{re.escape(name)}" value="([^"]+)" checked', page)


def test_sessions_with_a_bot_and_without_it_add_up_to_all_sessions(owners: Client) -> None:
    with_bot, without_bot, everything = (
        session_count(text_of(owners, f"{REPORT}?{SPRING}{filters}")) for filters in ("&bot=b2", "&bot.not=b2", "")
    )
    assert with_bot + without_bot == everything
    assert 0 < with_bot < everything


def test_without_scripts_a_form_excludes_the_ticked_values(owners: Client) -> None:
    form = text_of(owners, f"{REPORT}?{SPRING}&bot.mode=not&bot=b2")
    address = text_of(owners, f"{REPORT}?{SPRING}&bot.not=b2")
    assert session_count(form) == session_count(address)
    assert active_filters(form) == active_filters(address) == ["Bot is not Returns"]
    # Every link of the page has the address in its one form.
    assert "bot.mode" not in form


def test_the_menu_of_an_excluded_value_ticks_it_under_is_not(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}/filters/bot?{SPRING}&bot.not=b2&mode=not")
    assert checked_values(page, "bot") == ["b2"]
    assert re.search(r'name="bot.mode" value="not" checked', page)
    assert page.count('type="hidden" name="bot.not" value="b2"') == 1


def test_the_menu_keeps_excluded_values_beside_picked_ones(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}/filters/bot?{SPRING}&bot=b1&bot.not=b2")
    assert checked_values(page, "bot") == ["b1"]
    assert "bot.mode" not in page
    assert '<input type="hidden" name="bot.not" value="b2">' in page
    both = text_of(owners, f"{REPORT}?{SPRING}&bot=b1&bot.not=b2")
    assert active_filters(both) == ["Bot is Order bot", "Bot is not Returns"]


def test_ticket_types_can_be_filtered(owners: Client) -> None:
    assert "Ticket type" in text_of(owners, f"{REPORT}?{SPRING}")
    page = text_of(owners, f"{REPORT}/filters/ticket_type?{SPRING}")
    assert re.findall(r'type="checkbox" name="ticket_type" value="([^"]+)"', page)


def test_the_menu_ticks_a_version_qualified_by_its_bot(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}/filters/bot_version?{SPRING}&bot_version=b1/7")
    assert checked_values(page, "bot_version") == ["b1/7"]


VIEW = {"grain": "ticket", "sort": "-conversations", "search": "t"}
PLACES = [
    (f"{REPORT}/rows?{SPRING}&{urlencode(VIEW)}&cursor=", VIEW),
    (f"{REPORT}/widgets/versions?{SPRING}", {}),
    (f"{REPORT}?{SPRING}", {}),
]


def queries_of(page: str, pattern: str) -> dict[str, dict[str, str]]:
    """Paths and queries of links that match."""
    hrefs = [html.unescape(href) for href in re.findall(pattern, page)]
    assert hrefs
    return {href: dict(parse_qsl(href.partition("?")[2])) for href in hrefs}


@pytest.mark.parametrize(("address", "view"), PLACES)
def test_filters_stay_on_their_page_and_keep_its_view(owners: Client, address: str, view: dict[str, str]) -> None:
    page, path = text_of(owners, f"{address}&channel=web"), address.partition("?")[0]
    bar = page[page.index('id="filters"') : page.index('<div class="grid"' if "/rows" not in path else "<section")]
    links = queries_of(bar, r'<a (?:class="[^"]*" )?href="([^"]+)"(?! hx)')
    of_choices = {href: query for href, query in links.items() if "/filters/" in href}
    assert {href.partition("?")[0] for href in links if href not in of_choices} == {path}
    for href, query in links.items():
        assert href in of_choices or view.items() <= query.items(), href
    for action, form in re.findall(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', bar, flags=re.DOTALL):
        assert action.partition("?")[0] == path
        assert view.items() <= dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)).items()
    for href in of_choices:
        assert_choices_lead_back(text_of(owners, href), path=path, view=view)


def assert_choices_lead_back(page: str, *, path: str, view: dict[str, str]) -> None:
    searching, form = re.findall(r"<form(.*?)</form>", page[page.index('class="card c12 choices"') :], flags=re.DOTALL)
    assert f'action="{path}"' in form
    assert view.items() <= dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)).items()
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', searching)
    assert "search" not in dict(hidden)
    # A search without scripts knows the page, too.
    kept = {name: html.unescape(value) for name, value in hidden if name in ("rows", "widget")}
    assert kept == ({"rows": urlencode(view)} if view else {"widget": "versions"} if "/widgets/" in path else {})


def test_choices_of_an_unknown_widget_are_not_found(owners: Client) -> None:
    text_of(owners, f"{REPORT}/filters/bot?{SPRING}&widget=nothing", status=404)


def test_switches_of_a_widget_stay_on_its_own_page(owners: Client) -> None:
    path = f"{REPORT}/widgets/bot-consumption"
    page = text_of(owners, f"{path}?{SPRING}&open=b1")
    card = page[page.index('data-widget="bot-consumption"') :]
    hrefs = queries_of(card, r'href="([^"]*(?:split=opened|#w-bot-consumption)[^"]*)"')
    assert {href.partition("?")[0] for href in hrefs} == {path}
    assert 'class="nested"' in card
