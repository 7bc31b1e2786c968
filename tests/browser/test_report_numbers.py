"""Numbers of widgets are those of the command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page

from botmeter.demo import DEMO_ACCOUNT
from botmeter.domain.text import day_as_typed
from support.browsing import Server
from support.widgets import by_key, values

QUERIES = (
    "",
    "?period=last-90-days&channel=whatsapp",
    "?period=last-month&bot=bot_orders&bot=bot_returns",
    "?period=last-12-months&preview=without",
    "?period=last-7-days&timezone=Asia/Kolkata",
    "?period=all&compare=year",
)
_OPTION_OF = {"from": "--from", "to": "--to", "bot": "--bot", "channel": "--channel", "timezone": "--timezone"}


@pytest.mark.browser
@pytest.mark.parametrize("query", QUERIES)
def test_each_number_on_the_page_is_that_of_the_command_line(
    signed_in: Callable[..., Page], demo: Server, report_path: str, query: str
) -> None:
    page = signed_in()
    page.goto(demo.at(report_path + query))
    report = report_by_command_line(demo, page, query=query)

    assert values(page, "sessions-consumed") == [report["sessions_consumed"]]
    assert by_key(page, "session-consumption-trend", key="day") == {
        day["date"]: day["sessions"] or 0 for day in report["trend"]
    }
    assert by_key(page, "monthly-consumption", key="month") == {
        month["month"]: month["sessions"] or 0 for month in report["by_month"]
    }
    assert values(page, "bot-consumption") == [bot["sessions"] for bot in report["by_bot"] if bot["sessions"]][:10]
    assert values(page, "channel-consumption") == [one["sessions"] for one in report["by_channel"] if one["sessions"]]
    assert values(page, "tickets-by-type") == [one["tickets"] for one in report["by_ticket_type"]]


@pytest.mark.browser
def test_the_heat_map_adds_up_to_the_headline(signed_in: Callable[..., Page], demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    page.wait_for_selector("[data-widget=hours] td[data-value]")

    assert sum(values(page, "hours")) == values(page, "sessions-consumed")[0]


def report_by_command_line(server: Server, page: Page, *, query: str) -> dict[str, Any]:
    """The report of the same days and filters, from the command line, through the running server."""
    fields = (page.locator(f".cals input[name={name}]") for name in ("from", "to"))
    first, last = (day_as_typed(field.input_value()).isoformat() for field in fields)
    options = ["--from", first, "--to", last]
    for name, value in parse_qsl(query.removeprefix("?")):
        if name in _OPTION_OF:
            options += [_OPTION_OF[name], value]
        elif (name, value) == ("preview", "without"):
            options.append("--no-preview")
    command = [sys.executable, "-m", "botmeter", "report", "--account", DEMO_ACCOUNT, "--data", str(server.folder)]
    completed = subprocess.run([*command, "--format", "json", *options], capture_output=True, check=True)
    report: dict[str, Any] = json.loads(completed.stdout)
    return report
