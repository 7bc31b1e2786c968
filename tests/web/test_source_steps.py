"""The page of a source: three steps, menus and switches."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from tests.support.ledgers import NOW_US

from botmeter.domain.errors import Refused
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.sources import set_source
from botmeter.people.models import User
from botmeter.people.source_actions import Author, change_source, create_source
from botmeter.sources.platforms.registry import connector_of, platform_codes
from web.test_sources import DESK, MADE, desk, done

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> Client:
    return browser(owner)


@pytest.fixture(autouse=True)
def _desk(ledgers: OpenLedgers, owner: User) -> None:
    """The source desk."""
    with ledgers.writing("acme") as ledger:
        create_source(ledger, MADE, author=Author(user=owner))


def test_the_page_has_three_steps_and_keeps_the_rest_under_more(olga: Client) -> None:
    page = olga.get(DESK).content.decode()
    setup, _, more = page.partition('<details class="source-more')
    steps = setup.partition('<ol class="steps">')[2]
    assert [" ".join(re.sub(r"<[^>]+>", "", title).split()) for title in re.findall(r"<h2>(.*?)</h2>", steps)] == [
        "Enter the address in Chatwoot",
        "Set the default bot",
        "Send a test",
    ]
    assert more.startswith(' c12" id="more"><summary>')
    for widget in ("secret", "source-settings", "identities", "pull", "remove-source"):
        assert f'data-widget="{widget}"' in more
    assert 'id="more" open>' in olga.get(f"{DESK}?more").content.decode()
    assert 'id="more" open>' in done(olga, "identity-add")
    assert 'id="more" open>' in done(olga, "identity-add", sender="1", bot_id="b")
    assert 'id="more" open>' not in done(olga, "bot", bot_id="orders")


def test_choices_are_menus_and_switches(olga: Client, ledgers: OpenLedgers) -> None:
    page = unescape(olga.get(DESK).content.decode())
    menu = page.partition('<select name="option_default_bot_while"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="(\w*)"[^>]*>([^<]+)', menu) == [
        ("", "Always"),
        ("pending", "While the conversation is pending"),
    ]
    assert re.search(r'<input type="checkbox" name="option_plain_http"[^>]* role="switch"', page)
    done(olga, "settings", option_default_bot_while="pending", option_plain_http="on")
    assert desk(ledgers).options == (("default_bot_while", "pending"), ("plain_http", "yes"))
    page = olga.get(DESK).content.decode()
    assert '<option value="pending" selected>' in page
    assert re.search(r'name="option_plain_http"[^>]* checked', page)
    done(olga, "settings")
    assert desk(ledgers).options == ()


@pytest.mark.parametrize("platform", platform_codes())
def test_every_option_with_values_is_offered_with_its_default_first(platform: str) -> None:
    for option in connector_of(platform).options:
        assert not re.search(r"^(yes|no|\w+ \(the default\))", option.help), option.name
        assert len(set(option.values)) == len(option.values)
        assert option.allows("anything") == (not option.values)


def test_a_value_that_an_option_does_not_have_is_refused_unless_it_was_stored_before(
    olga: Client, ledgers: OpenLedgers
) -> None:
    bad = replace(MADE, options=(("plain_http", "true"),))
    with ledgers.writing("acme") as ledger:
        with pytest.raises(Refused, match="'true' is not a value of the option plain_http. Use yes") as refused:
            change_source(ledger, bad, author=Author())
        assert refused.value.code == "source_setting_invalid"
        set_source(ledger, bad, now_us=NOW_US)
        assert change_source(ledger, replace(bad, channel="web"), author=Author())


def test_the_fields_offer_the_bots_and_channels_of_the_account(olga: Client) -> None:
    page = olga.get(DESK).content.decode()
    assert '<datalist id="known-bots"><option value="b1">Order bot</option><option value="b2">Returns</option>' in page
    assert '<datalist id="known-channels"><option value="web">' in page
    assert page.count('list="known-bots"') == 2
