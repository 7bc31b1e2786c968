"""A year of real traffic, served: every widget's number is the one that is expected of the dataset."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsing import (
    CHROMIUM_HINT,
    Server,
    chromium_path,
    launch_browser,
    recording_context,
    run_command,
    running_server,
)
from support.widgets import by_key, by_name, headline

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
DATASET = SHARED / "data" / "raku-irc-2016"
ACCOUNT = "raku"
YEAR = "from=2016-01-01&to=2016-12-31&compare=none"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.browser,
    pytest.mark.skipif(not DATASET.is_dir(), reason=f"the dataset is not at {DATASET}"),
    pytest.mark.skipif(chromium_path() is None, reason=CHROMIUM_HINT),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dataset in an account of its own, imported through the running server."""
    with running_server("serve", folder=tmp_path_factory.mktemp("raku") / "data") as begun:
        run_command("account", "create", ACCOUNT, "--available-from", "2016-01-01", folder=begun.folder)
        run_command("import", str(DATASET / "events.ndjson.gz"), "--account", ACCOUNT, folder=begun.folder)
        yield begun


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[Page]:
    """A tab of somebody who may see the account."""
    run_command("user", "create", "ada@example.org", "--account", ACCOUNT, folder=server.folder)
    link = run_command("user", "link", "ada@example.org", "--url", server.url, folder=server.folder).strip()
    with launch_browser(chromium_path() or "") as browser:
        context = recording_context(browser)
        tab = context.page()
        tab.goto(link)
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Bot session consumption")
        yield tab
        assert context.errors == []


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((DATASET / "expected.json").read_text("utf-8"))
    found: dict[str, Any] = whole["by_key"]["customer"]
    return found


def report(server: Server) -> str:
    return server.at(f"/a/{ACCOUNT}/reports/bot-session-consumption")


def without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if count}


def test_the_page_of_the_year_has_the_total_the_days_and_the_months(
    page: Page, server: Server, expected: dict[str, Any]
) -> None:
    page.goto(f"{report(server)}?{YEAR}")
    assert headline(page) == expected["sessions_total"]
    assert without_zeros(by_key(page, "session-consumption-trend", key="day")) == expected["sessions_by_utc_day"]
    assert without_zeros(by_key(page, "monthly-consumption", key="month")) == expected["sessions_by_month"]


@pytest.mark.parametrize(
    ("split", "bots", "channels"),
    [
        ("opened", "sessions_by_opening_bot", "sessions_by_opening_channel"),
        ("took-part", "sessions_in_which_bot_took_part", "sessions_in_which_channel_took_part"),
    ],
)
def test_each_bot_and_channel_has_the_sessions_that_it_opened_or_took_part_in(
    page: Page, server: Server, expected: dict[str, Any], split: str, bots: str, channels: str
) -> None:
    for widget, counts in (("bot-consumption", bots), ("channel-consumption", channels)):
        page.goto(f"{report(server)}/widgets/{widget}?{YEAR}&split={split}")
        assert without_zeros(by_name(page, widget)) == expected[counts], widget


def test_a_month_by_itself_has_the_days_of_that_month(page: Page, server: Server, expected: dict[str, Any]) -> None:
    page.goto(f"{report(server)}?from=2016-05-01&to=2016-05-31&compare=none")
    assert headline(page) == expected["sessions_by_month"]["2016-05"]
    assert by_key(page, "session-consumption-trend", key="day") == {
        day: count for day, count in expected["sessions_by_utc_day"].items() if day.startswith("2016-05")
    }
