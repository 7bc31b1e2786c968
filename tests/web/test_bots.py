"""My Bots: what it shows, and who may have a bot called otherwise."""

from collections.abc import Callable

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settings import named_bots
from botmeter.people.models import AuditEntry, User

pytestmark = pytest.mark.django_db
PLACE = "/a/acme/bots"


@pytest.fixture
def client(owner: User, browser: Callable[..., Client], ledgers: OpenLedgers) -> Client:
    return browser(owner)


def name_of(ledgers: OpenLedgers, bot_id: str) -> str:
    with ledgers.reading("acme") as ledger:
        return {bot.bot_id: bot.name for bot in named_bots(ledger)}[bot_id]


def test_every_bot_is_listed_with_its_versions_and_leads_to_its_report(client: Client) -> None:
    page = client.get(PLACE).content.decode()
    assert "Order bot" in page
    assert "Returns" in page
    assert "31 Mar 2026 01:00" in page
    assert 'href="/a/acme/reports/bot-session-consumption?timezone=UTC&amp;bot=b1"' in page


def test_a_name_given_here_is_shown_kept_and_written_down(client: Client, ledgers: OpenLedgers, owner: User) -> None:
    answer = client.post(PLACE, {"bot": "b1", "name": "  Orders & more  "})
    assert answer.status_code == 302
    assert answer.headers["Location"] == PLACE
    page = client.get(PLACE).content.decode()
    assert "Display name of b1 set to Orders &amp; more." in page
    assert name_of(ledgers, "b1") == "Orders & more"
    [entry] = AuditEntry.objects.filter(account="acme", action="bot_named")
    assert entry.user == owner
    assert entry.detail == {"bot": "b1", "name": "Orders & more"}


def test_an_empty_name_takes_it_back(client: Client, ledgers: OpenLedgers) -> None:
    client.post(PLACE, {"bot": "b1", "name": "Orders"})
    client.post(PLACE, {"bot": "b1", "name": ""})
    assert name_of(ledgers, "b1") == "Order bot"


def test_a_name_that_can_not_be_shown_is_refused_with_a_sentence(client: Client, ledgers: OpenLedgers) -> None:
    answer = client.post(PLACE, {"bot": "b1", "name": "two\nlines"})
    assert answer.status_code == 400
    assert "is not a valid bot name" in answer.content.decode()
    assert name_of(ledgers, "b1") == "Order bot"
    assert not AuditEntry.objects.filter(action="bot_named").exists()


def test_a_bot_that_no_event_names_can_not_be_named(client: Client) -> None:
    assert client.post(PLACE, {"bot": "nobody", "name": "X"}).status_code == 404
    assert not AuditEntry.objects.filter(action="bot_named").exists()


def test_a_viewer_sees_the_bots_but_may_not_name_them(
    ledgers: OpenLedgers, viewer: User, browser: Callable[..., Client]
) -> None:
    client = browser(viewer)
    assert "Save name" not in client.get(PLACE).content.decode()
    assert client.post(PLACE, {"bot": "b1", "name": "Mine"}).status_code == 403
    assert name_of(ledgers, "b1") == "Order bot"


def test_a_form_from_elsewhere_names_nothing(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> None:
    assert browser(owner, checks_csrf=True).post(PLACE, {"bot": "b1", "name": "Mine"}).status_code == 403
    assert name_of(ledgers, "b1") == "Order bot"


def test_markup_in_a_name_is_text(client: Client) -> None:
    client.post(PLACE, {"bot": "b1", "name": "<img src=x onerror=alert(1)>"})
    page = client.get(PLACE).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x" in page
