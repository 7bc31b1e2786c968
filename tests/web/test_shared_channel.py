"""A link that is limited to a channel never names a bot outside of it, nor its versions and channels."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import product

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.people.shares import ShareDraft, new_share
from botmeter.reports.filters import FILTERS
from botmeter.web.pages.report.widgets import WIDGETS

pytestmark = pytest.mark.django_db

# On WhatsApp, bot b2 "Returns" takes part in a session that bot b1 opened on the web.
DAYS = "from=2026-03-30&to=2026-04-01&timezone=UTC"
HIDDEN = re.compile(r"Returns|v-hidden|whatsapp|Hidden opener")
REQUESTS = (
    "",
    *(f"{name}={value}" for name in ("bot", "bot.not", "opened_by", "open") for value in ("b1", "b2", "b3")),
    "split=opened",
    "split=opened&open=b2&open=b3",
    "channel=whatsapp",
    "channel.not=whatsapp",
    "opened_on=whatsapp",
    "bot_version=b2/v-hidden",
    "bot=b2&bot.not=b3",
    "compare=previous",
    "preview=only",
)


@pytest.fixture
def ledger_with_versions(ledgers: OpenLedgers) -> None:
    """Adds a session that a hidden bot opened on WhatsApp and that goes on, on the web."""
    with ledgers.writing("acme") as ledger:
        append_events(
            ledger,
            event("h1", "2026-03-31T11:00", customer_id="c9", conversation_id="v9", bot_id="b3", channel="whatsapp",
                  bot_name="Hidden opener", bot_version="v-hidden"),
            event("h2", "2026-03-31T12:00", customer_id="c9", conversation_id="v9", bot_id="b1", bot_version="1"),
        )  # fmt: skip


def paths() -> Iterator[str]:
    yield ""
    yield "/fresh"
    yield from ("/rows", "/rows?by=session", "/rows?view=rows")
    yield from (f"/widgets/{widget.name}" for widget in WIDGETS)
    for declared, more in product(FILTERS, ("", "search=b", "mode=not", "for=rows")):
        yield f"/filters/{declared.name}" + (f"?{more}" if more else "")


def shown(page: str) -> str:
    """The page without addresses and fields, which repeat what the visitor sent."""
    return re.sub(r'(href|action|value|hx-\w+|data-\w+)="[^"]*"', "", unescape(page))


def test_a_requested_bot_outside_the_link_is_not_named(ledger_with_versions: None, owner: User, client: Client) -> None:
    draft = ShareDraft(name="Web", query=f"channel=web&split=opened&{DAYS}", lasting_days=7)
    path = f"/s/{new_share('acme', draft, created_by=owner).secret}"
    assert "Order bot" in shown(client.get(path, {"bot": "b1"}).content.decode())
    for name in ("bot", "bot.not", "open"):
        page = shown(client.get(path, {name: "b3"}).content.decode())
        assert not HIDDEN.search(page)


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["channel=web", "channel.not=whatsapp", "channel=web&split=opened"])
@pytest.mark.parametrize("rows", [False, True], ids=["without rows", "with rows"])
def test_no_page_of_the_link_names_a_bot_outside_its_channel(
    ledger_with_versions: None, owner: User, client: Client, limit: str, rows: bool
) -> None:
    draft = ShareDraft(name="Web", query=f"{limit}&{DAYS}", lasting_days=7, may_see_rows=rows)
    secret = new_share("acme", draft, created_by=owner).secret
    answer_count = 0
    for path in paths():
        for request in REQUESTS if path in ("", "/rows") else REQUESTS[::3]:
            answer = client.get(f"/s/{secret}{path}" + ("&" if "?" in path else "?") + request)
            assert answer.status_code in {200, 204, 286, 304, 404}, (path, request)
            answer_count += answer.status_code == 200
            found = set(HIDDEN.findall(shown(answer.content.decode()))) - set(HIDDEN.findall(request + limit))
            assert not found, (path, request, found)
    assert answer_count > 100
