"""Behind a proxy, every address begins with the public URL, and the limits are Botmeter's own."""

import json
import re
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from botmeter.client import ClientSettings, Meter
from botmeter.demo import DEMO_ACCOUNT
from botmeter.live.event_body import BODY_BYTES_MAX, EVENTS_MAX
from browser.conftest import MakeVisitor, SignIn
from support.browsing import Server, run_command
from support.proxies import Certificate, Site
from support.stand_in_smtp import Mailbox

pytestmark = pytest.mark.browser

PAGES_MAX = 60
ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post", "data-href"}


class Addresses(HTMLParser):
    """(attribute, value) of all addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [(name, value) for name, value in attrs if name in ADDRESSES and value]


@pytest.fixture
def page(signed_in: SignIn, demo: Server) -> Page:
    """A tab of the demo's owner."""
    return signed_in()


def request(server: Server, path: str, /, *, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of a request."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(server.at(path), data=body, headers=headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(asked, context=server.tls) as answer:  # noqa: S310 - our own server
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)


def new_key(server: Server, account: str) -> str:
    """Header of a new key with all scopes."""
    key = run_command("key", "create", "--account", account, "--scope", "admin", folder=server.folder)
    return f"Bearer {key.strip()}"


def test_every_address_of_every_page_is_under_the_path_and_answers(page: Page, demo: Server, path: str) -> None:
    wrong, failed, kinds = [], [], set()
    waiting, known = [demo.at("/api/v1/docs"), page.url], set[str]()
    while waiting and len(known) < PAGES_MAX:
        url = waiting.pop(0)
        answer = page.request.get(url)
        if not answer.ok:
            failed.append((answer.status, url))
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for name, value in Addresses(answer.text()).found:
            if value.startswith("data:"):
                continue
            target = urljoin(answer.url, value).partition("#")[0]
            if not target.startswith(f"{demo.url}/"):
                wrong.append((url, name, value))
            # One page of each kind: names and numbers differ.
            kind = re.sub(r"[0-9a-f-]{8,}|\d+", "", urlsplit(target).path)
            if name not in {"action", "formaction", "hx-post"} and kind not in kinds:
                kinds.add(kind)
                known.add(target)
                waiting.append(target)
    assert len(known) > 30
    assert wrong == []
    assert failed == []


def test_cookies_belong_to_the_path_and_are_sent_over_tls_only(page: Page, path: str) -> None:
    cookies = [cookie for cookie in page.context.cookies() if cookie["domain"] == "localhost"]
    assert len(cookies) > 1
    assert {cookie["path"] for cookie in cookies} == {path or "/"}
    assert all(cookie["secure"] for cookie in cookies)


def test_redirects_stay_under_the_path(visitor: MakeVisitor, demo: Server, path: str) -> None:
    api = visitor().context.request
    for start in (demo.url, demo.at("/"), demo.at(f"/a/{DEMO_ACCOUNT}/reports")):
        answer = api.get(start, max_redirects=0)
        assert answer.status == 302, start
        assert answer.headers["location"].startswith(f"{path}/"), start
        assert api.get(start).url.startswith(demo.at("/"))


def test_a_source_shows_an_address_that_takes_deliveries(page: Page, demo: Server) -> None:
    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/admin/sources"))
    card = page.locator("[data-widget=new-source]")
    card.get_by_label("Name", exact=True).fill("helpdesk")
    card.get_by_role("button", name="Create source").click()
    address = page.locator(".notices pre, .notices code").first.inner_text().strip()
    assert address.startswith(demo.at("/api/v1/webhooks/helpdesk/wh_"))
    assert request(demo, address.removeprefix(demo.url), body=b"[]", content_type="application/json")[0] == 200
    by_command = run_command("source", "rotate", "helpdesk", "--account", DEMO_ACCOUNT, folder=demo.folder)
    assert by_command.startswith(demo.at("/api/v1/webhooks/helpdesk/wh_"))


def test_links_in_mails_and_of_commands_open(page: Page, visitor: MakeVisitor, demo: Server, mailbox: Mailbox) -> None:
    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/admin/users"))
    card = page.locator("[data-widget=invite]")
    card.get_by_label("Email address").fill("mallory@example.org")
    card.get_by_role("button", name="Invite").click()
    # Servers send mails of their own, such as closed statements on the first of a month.
    text = mailbox.next_text(to="mallory@example.org")
    assert "/invitation/" in text
    created = run_command("user", "create", "eve@example.org", "--url", demo.url, folder=demo.folder)
    links = [*re.findall(r"https://\S+", text), created]
    for link in links:
        assert link.startswith(demo.at("/"))
        invited = visitor().page()
        invited.goto(link.strip())
        expect(invited.locator("input[type=password]").first).to_be_visible()


def test_the_api_names_its_addresses_under_the_path(page: Page, demo: Server, path: str) -> None:
    status, problem = request(demo, "/api/v1/nothing")
    assert (status, problem["code"]) == (404, "route_unknown")
    assert urljoin(demo.at("/api/v1/nothing"), problem["type"]) == demo.at("/api/v1/docs#problem-route_unknown")
    status, problem = request(demo, "/api/v1/events", body=b"[]")
    assert (status, problem["code"]) == (401, "key_missing")
    assert problem["type"].startswith(f"{path}/api/v1/docs#")

    assert request(demo, "/api/v1/openapi.json")[1]["servers"] == [{"url": path or "/"}]
    page.goto(demo.at("/api/v1/docs"))
    servers = set(re.findall(r"https?://[^/\s]+(?:/meter)?(?=/api/v1)", page.locator("main").inner_text()))
    assert servers == {demo.url}


def test_the_largest_batch_is_taken_and_a_larger_one_is_refused_by_botmeter(demo: Server, site: Site) -> None:
    run_command("account", "create", "large", folder=demo.folder)
    event = {
        "occurred_at": "2026-11-20T10:00:00Z",
        "conversation_id": "large",
        "customer_id": "large",
        "actor": "customer",
        "bot_id": "orders",
        "attributes": {"filling": "x" * (BODY_BYTES_MAX // EVENTS_MAX - 250)},
    }
    lines = "".join(f"{json.dumps({'event_id': f'large-{number}', **event})}\n" for number in range(EVENTS_MAX))
    body = lines.encode().ljust(BODY_BYTES_MAX)
    assert len(lines) > BODY_BYTES_MAX * 0.9
    headers = {"authorization": new_key(demo, "large"), "content_type": "application/x-ndjson"}
    status, receipt = request(demo, "/api/v1/events", body=body, **headers)
    assert (status, receipt["accepted"]) == (200, EVENTS_MAX)
    # Caddy passes the refusal on while the body is still being sent, which this client does not read.
    if site.proxy == "nginx":
        status, problem = request(demo, "/api/v1/events", body=body + b" ", **headers)
        assert (status, problem["code"]) == (413, "body_too_large")


def test_the_client_sends_events_to_the_public_url(demo: Server, certificate: Certificate, tmp_path: Path) -> None:
    run_command("account", "create", "client", folder=demo.folder)
    key = new_key(demo, "client").removeprefix("Bearer ")
    settings = ClientSettings(spill_folder=tmp_path, ca_file=certificate.file)
    with Meter(demo.url, key, settings=settings) as meter:
        meter.message(conversation_id="v1", customer_id="c1", actor="customer", bot_id="orders")
        assert meter.flush()
        assert (meter.status().accepted_count, meter.status().refused_count) == (1, 0)


def test_a_long_address_is_answered(demo: Server) -> None:
    query = "&".join(f"channel=channel-{number:0>60}" for number in range(800))
    assert len(query) > 50_000
    path = f"/api/v1/accounts/{DEMO_ACCOUNT}/reports/session-usage?{query}"
    status, answer = request(demo, path, authorization=new_key(demo, DEMO_ACCOUNT))
    assert (status, answer["sessions_consumed"]) == (200, 0)


def test_a_proxy_may_remove_the_path_and_this_machine_needs_none(
    visitor: MakeVisitor, demo: Server, upstream: int, path: str
) -> None:
    api = visitor().context.request
    for prefix in {"", path}:
        answer = api.get(f"http://127.0.0.1:{upstream}{prefix}/api/v1/docs")
        assert answer.status == 200
        assert f'href="{path}/static/botmeter/' in answer.text()
        assert api.get(f"http://127.0.0.1:{upstream}{prefix}/healthz").status == 200
