"""My Bots: bots with their versions, and display names."""

from collections.abc import Callable

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settings import named_bots
from botmeter.people.models import AuditEntry, User

pytestmark = pytest.mark.django_db
PATH = "/a/acme/bots"


@pytest.fixture
def client(owner: User, browser: Callable[..., Client], ledgers: OpenLedgers) -> Client:
    return browser(owner)


def name_of(ledgers: OpenLedgers, bot_id: str) -> str:
    with ledgers.reading("acme") as ledger:
        return {bot.bot_id: bot.name for bot in named_bots(ledger)}[bot_id]


def test_each_bot_is_listed_with_its_versions_and_links_to_its_report(client: Client) -> None:
    page = client.get(PATH).content.decode()
    assert "Order bot" in page
    assert "Returns" in page
    assert "31 Mar 2026 01:00" in page
    assert 'href="/a/acme/reports/bot-session-consumption?timezone=UTC&amp;bot=b1"' in page


def test_a_display_name_is_stored_shown_and_audited(client: Client, ledgers: OpenLedgers, owner: User) -> None:
    answer = client.post(PATH, {"bot": "b1", "name": "  Orders & more  "})
    assert answer.status_code == 302
    assert answer.headers["Location"] == PATH
    page = client.get(PATH).content.decode()
    assert "Display name of b1 set to Orders &amp; more." in page
    assert name_of(ledgers, "b1") == "Orders & more"
    [entry] = AuditEntry.objects.filter(account="acme", action="bot_named")
    assert entry.user == owner
    assert entry.detail == {"bot": "b1", "name": "Orders & more"}


def test_an_empty_name_restores_the_name_from_events(client: Client, ledgers: OpenLedgers) -> None:
    client.post(PATH, {"bot": "b1", "name": "Orders"})
    client.post(PATH, {"bot": "b1", "name": ""})
    assert name_of(ledgers, "b1") == "Order bot"


def test_a_name_of_two_lines_is_refused(client: Client, ledgers: OpenLedgers) -> None:
    answer = client.post(PATH, {"bot": "b1", "name": "two\nlines"})
    assert answer.status_code == 400
    assert "is not a valid bot name" in answer.content.decode()
    assert name_of(ledgers, "b1") == "Order bot"
    assert not AuditEntry.objects.filter(action="bot_named").exists()


def test_an_unknown_bot_cannot_be_named(client: Client) -> None:
    assert client.post(PATH, {"bot": "nobody", "name": "X"}).status_code == 404
    assert not AuditEntry.objects.filter(action="bot_named").exists()


def test_a_viewer_sees_the_bots_but_cannot_name_them(
    ledgers: OpenLedgers, viewer: User, browser: Callable[..., Client]
) -> None:
    client = browser(viewer)
    assert "Save name" not in client.get(PATH).content.decode()
    assert client.post(PATH, {"bot": "b1", "name": "Mine"}).status_code == 403
    assert name_of(ledgers, "b1") == "Order bot"


def test_a_cross_site_form_is_refused(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> None:
    assert browser(owner, checks_csrf=True).post(PATH, {"bot": "b1", "name": "Mine"}).status_code == 403
    assert name_of(ledgers, "b1") == "Order bot"


def test_markup_in_a_name_is_text(client: Client) -> None:
    client.post(PATH, {"bot": "b1", "name": "<img src=x onerror=alert(1)>"})
    page = client.get(PATH).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x" in page
