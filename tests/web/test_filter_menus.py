"""The menus of filters: "is" and "is not", without a script, on the report and behind a shared link."""

import re

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
