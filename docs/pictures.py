"""Pictures of `docs/images`, taken from the served demo, each in light and dark, wide and narrow.

`make docs` runs it. The demo's events are the same each time but end now, so the pictures change with the day
alone.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect
from tests.support.browsing import (
    CHROMIUM_HINT,
    NARROW,
    WIDE,
    Server,
    chromium_path,
    launch_browser,
    recording_context,
    run_command,
    running_server,
)

from botmeter.demo import DEMO_ACCOUNT

IMAGES = Path(__file__).resolve().parent / "images"
PICTURE_BYTES_MAX = 250_000
DEMO_OWNER = "demo@botmeter.example"
EMPTY_ACCOUNT, EMPTY_TITLE = "harbour-books", "Harbour Books"

_REPORT = f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption"
Opening = Callable[[Page, Server], None]


def _at(path: str) -> Opening:
    """Opens a path."""

    def opened(page: Page, server: Server) -> None:
        page.goto(server.at(path))

    return opened


def _opened_row(page: Page, server: Server) -> None:
    """The underlying data, with a session opened that has several conversations."""
    page.goto(server.at(f"{_REPORT}/rows?sort=-conversations"))
    page.locator("td.x a").nth(1).click()
    expect(page.locator("tr.is-open")).to_have_count(1)
    page.evaluate("scrollTo(0, 0)")


def _session(page: Page, server: Server) -> None:
    """The explanation of a session of several bots."""
    page.goto(server.at(f"{_REPORT}/rows?period=last-month&sort=-conversations"))
    several = page.locator("tr.row[data-href]", has=page.locator("td", has_text=","))
    page.goto(server.at(several.first.get_attribute("data-href") or ""))


OF_OWNER: dict[str, Opening] = {
    "report": _at(_REPORT),
    "underlying-data": _opened_row,
    "session-story": _session,
    "my-bots": _at(f"/a/{DEMO_ACCOUNT}/bots"),
    "settings": _at(f"/a/{DEMO_ACCOUNT}/admin/settings"),
}
OF_NEW_OWNER: dict[str, Opening] = {"empty-account": _at(f"/a/{EMPTY_ACCOUNT}/reports/bot-session-consumption")}
OF_NOBODY: dict[str, Opening] = {"sign-in": _at("/sign-in")}
NAMES = (*OF_OWNER, *OF_NOBODY, *OF_NEW_OWNER)
"""Names of the pictures; each has four files in `docs/images`, NAME-wide-light.png and so on."""


def main() -> int:
    """Take every picture, and print the files written."""
    path = chromium_path()
    if path is None:
        print(f"No pictures taken. {CHROMIUM_HINT}")
        return 0
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, launch_browser(path) as browser:
        # The default folder of commands, so that no page has to name it.
        os.environ["XDG_DATA_HOME"] = folder
        with running_server("demo", folder=Path(folder) / "botmeter") as server:
            _take_all(browser, server)
    return 0


def _take_all(browser: Browser, server: Server) -> None:
    for pages in (OF_OWNER, OF_NOBODY):
        _take(pages, browser, server=server, is_signed_in=pages is OF_OWNER)
    # Only now: with a second account its owner would be offered to switch on every page.
    run_command("account", "create", EMPTY_ACCOUNT, "--title", EMPTY_TITLE, folder=server.folder)
    run_command("user", "role", DEMO_OWNER, "owner", "--account", EMPTY_ACCOUNT, folder=server.folder)
    _take(OF_NEW_OWNER, browser, server=server, is_signed_in=True)


def _take(pages: dict[str, Opening], browser: Browser, *, server: Server, is_signed_in: bool) -> None:
    for size_name, size in (("wide", WIDE), ("narrow", NARROW)):
        for scheme in ("light", "dark"):
            with _tab(browser, size=size, is_dark=scheme == "dark") as page:
                if is_signed_in:
                    page.goto(server.link)
                for name, opened in pages.items():
                    opened(page, server)
                    _shoot(page, IMAGES / f"{name}-{size_name}-{scheme}.png")


@contextmanager
def _tab(browser: Browser, *, size: tuple[int, int], is_dark: bool) -> Iterator[Page]:
    visitor = recording_context(browser, size=size, dark=is_dark)
    yield visitor.page()
    visitor.context.close()
    assert not visitor.errors, visitor.errors


def _shoot(page: Page, file: Path) -> None:
    """Take a picture of the screen once everything has loaded and nothing blinks."""
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    page.evaluate("document.activeElement?.blur()")
    content = page.screenshot(animations="disabled", caret="hide")
    assert len(content) <= PICTURE_BYTES_MAX, f"{file.name} has {len(content):,} bytes"
    file.write_bytes(content)
    print(f"docs/images/{file.name} written")


if __name__ == "__main__":
    sys.exit(main())
