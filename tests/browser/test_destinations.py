"""A webhook that is added, tested and rotated on its page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server, running_server
from support.stand_in_receiver import Receiver

from .conftest import DEMO_EVENTS, MakeVisitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sending_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, which may call this machine."""
    folder: Path = tmp_path_factory.mktemp("sending") / "data"
    variables = {"BOTMETER_WEBHOOK_PRIVATE_HOSTS": "127.0.0.1"}
    with running_server("demo", "--events", str(DEMO_EVENTS), folder=folder, variables=variables) as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as served:
        yield served


def shown_secret(page: Page) -> str:
    return page.locator(".notices code").first.inner_text().strip()


def test_the_answer_to_a_test_appears_without_a_reload_and_verifies_by_both_secrets(
    visitor: MakeVisitor, sending_demo: Server, receiver: Receiver
) -> None:
    page = visitor().page()
    page.goto(sending_demo.link)
    page.goto(sending_demo.at(f"/a/{DEMO_ACCOUNT}/admin/notifications/destinations"))
    page.get_by_label("Name", exact=True).fill("Finance system")
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_role("button", name="Add destination").click()
    old = shown_secret(page)
    page.get_by_role("button", name="Rotate secret").click()
    expect(page.locator("[data-widget=secret]")).to_contain_text("The old secret signs, too, until")
    new = shown_secret(page)
    receiver.ways.append((500, {}))
    for answer in ("Answered 500: ok", "Answered 204."):
        page.get_by_role("button", name="Send a test").click()
        expect(page.locator("#test-answer")).to_contain_text(answer)
        # The list follows, too.
        expect(page.locator("[data-widget=sent] tbody tr").first).to_contain_text(answer)
    for got in receiver.received:
        for secret in (old, new):
            assert Webhook(secret).verify(got.body, got.headers)["type"] == "test"
    page.get_by_role("link", name="Turn off").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
