"""Files through a proxy with the guide's file: received as they come, refused early, and gone when they are cut off."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from browser.conftest import MakeVisitor
from browser.test_large_import import EXPORT, correct, sessions_by_day, upload
from browser.test_live import Account
from support.browsing import Server
from support.ports import free_port
from support.proxies import PROXIES, Certificate, Site, files_of_guide

pytestmark = pytest.mark.browser

IMPORTS = f"/a/{DEMO_ACCOUNT}/admin/imports"
GIB = 1 << 30
AnotherProxy = Callable[..., AbstractContextManager[str]]
SITES = ["nginx on a host", "Caddy under a path"]
SOME_PERCENT = re.compile(r"\b[1-9] % of 204\.8 MiB")
IMPORT_MS_MAX = 300_000


def sparse(folder: Path, *, size_bytes: int) -> Path:
    """File of that size, which takes no room."""
    path = folder / "large.csv"
    with path.open("wb") as file:
        file.truncate(size_bytes)
    return path


def stored(server: Server) -> list[str]:
    """Names of uploaded files, also of those that are being received."""
    return sorted(path.name for path in (server.folder / "uploads").glob("*/*"))


def gone(server: Server, *, before: list[str]) -> bool:
    """Wait until the server has nothing else."""
    pause = threading.Event()
    for _ in range(200):
        if stored(server) == before:
            return True
        pause.wait(0.05)
    return False


@pytest.fixture
def another_proxy(
    site: Site, certificate: Certificate, upstream: int, tmp_path_factory: pytest.TempPathFactory
) -> AnotherProxy:
    """`another_proxy(client_max_body_size=…)`: URL of the server behind a proxy that ends with the `with`."""

    @contextmanager
    def start(*, client_max_body_size: str = "1100m") -> Iterator[str]:
        of_host, of_path = files_of_guide(site.proxy)
        text = (of_path if site.path else of_host).replace("1100m", client_max_body_size)
        folder, port = tmp_path_factory.mktemp("another"), free_port()
        with PROXIES[site.proxy](text, folder=folder, certificate=certificate, port=port, upstream=upstream):
            yield f"https://localhost:{port}{site.path}"

    return start


@pytest.mark.parametrize("site", SITES, indirect=True, scope="session")
def test_a_file_of_200_mb_counts_right(visitor: MakeVisitor, account: Account, tmp_path: Path) -> None:
    tab, server, file = account.signed_in(visitor().page()), account.server, tmp_path / "chats.csv"
    EXPORT.write(file)
    upload(tab, server, file=file)
    correct(tab)
    tab.locator(".import-bar").get_by_role("button", name="Import", exact=True).click()
    expect(tab.locator("[data-count=accepted]")).to_have_text(f"{EXPORT.event_count:,}", timeout=IMPORT_MS_MAX)
    assert sessions_by_day(tab, server) == EXPORT.session_counts


def slow_tab(visitor: MakeVisitor, server: Server) -> Page:
    """A tab of the demo's owner that sends 4 MB/s, and whose console reports refusals."""
    context = visitor()
    context.expected_errors = (
        "Failed to load resource",
        "Response Status Error Code 413",
        "htmx:sendError",
        "htmx:afterRequest",
    )
    page = context.page()
    page.goto(server.link)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    speeds = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000_000}
    network.send("Network.emulateNetworkConditions", {"offline": False, **speeds})
    return page


def send(page: Page, url: str, *, file: Path) -> None:
    page.goto(url)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click(no_wait_after=True)


@pytest.mark.parametrize("site", SITES, indirect=True, scope="session")
def test_a_file_of_a_tab_that_is_closed_is_gone(visitor: MakeVisitor, demo: Server, tmp_path: Path) -> None:
    page, before = slow_tab(visitor, demo), stored(demo)
    send(page, demo.at(IMPORTS), file=sparse(tmp_path, size_bytes=GIB // 5))
    expect(page.get_by_role("status")).to_contain_text(SOME_PERCENT)
    # The proxy has not collected the file first.
    [draft] = set(stored(demo)) - set(before)
    assert draft.endswith(".part")
    page.close()
    assert gone(demo, before=before)


@pytest.mark.parametrize("site", ["nginx on a host"], indirect=True, scope="session")
def test_a_file_that_is_cut_off_is_gone_and_the_page_says_so(
    visitor: MakeVisitor, demo: Server, another_proxy: AnotherProxy, tmp_path: Path
) -> None:
    page, before = slow_tab(visitor, demo), stored(demo)
    with another_proxy() as url:
        send(page, f"{url}{IMPORTS}", file=sparse(tmp_path, size_bytes=GIB // 5))
        expect(page.get_by_role("status")).to_contain_text(SOME_PERCENT)
    expect(page.get_by_role("status")).to_have_text("The upload was cut off; nothing was stored. Try again.")
    expect(page.locator(".upload progress")).to_be_hidden()
    assert gone(demo, before=before)


@pytest.mark.parametrize("site", SITES, indirect=True, scope="session")
def test_a_file_of_more_than_a_gibibyte_is_refused_and_not_sent(
    visitor: MakeVisitor, demo: Server, tmp_path: Path
) -> None:
    context = visitor()
    page = context.page()
    page.goto(demo.link)
    send(page, demo.at(IMPORTS), file=sparse(tmp_path, size_bytes=GIB + 1))
    message = page.get_by_label("File", exact=True).evaluate("field => field.validationMessage")
    assert message == "The file has 1,073,741,825 bytes; the limit is 1,073,741,824."
    assert not [each.url for each in context.responses if "/upload/" in each.url]


@pytest.mark.parametrize("site", ["nginx on a host"], indirect=True, scope="session")
def test_a_proxy_s_own_limit_is_a_sentence_that_names_the_proxy(
    visitor: MakeVisitor, demo: Server, another_proxy: AnotherProxy, tmp_path: Path
) -> None:
    """As nginx has it without the guide."""
    page, before = slow_tab(visitor, demo), stored(demo)
    with another_proxy(client_max_body_size="1m") as url:
        send(page, f"{url}{IMPORTS}", file=sparse(tmp_path, size_bytes=2 << 20))
        expect(page.get_by_role("status")).to_contain_text("A proxy in front of Botmeter refused a file of this size")
    assert stored(demo) == before
