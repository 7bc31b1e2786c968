"""The demo, served behind nginx or Caddy with TLS: on a host of its own, and under a path."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from browser.conftest import chromium, report_path, signed_in, visitor  # noqa: F401 - fixtures
from browser.test_live import Account
from support.browsing import Server, running_server
from support.ports import free_port
from support.proxies import HINT, PROXIES, SITES, Certificate, Name, Site, files_of_guide, is_installed, new_certificate
from support.stand_in_smtp import Mailbox, mail_server

EVENTS = 20_000


def require(name: Name) -> None:
    """Skip the test without the program, or fail in CI."""
    if not is_installed(name):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HINT.format(name, name))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's account; never changed."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    command = [sys.executable, "-m", "botmeter", "demo", "--no-serve", "--events", str(EVENTS), "--data", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    """Mailbox of all mail that the servers send."""
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest) -> Site:
    """Proxy and path by which the server is reached."""
    return SITES[request.param]


@pytest.fixture(scope="session")
def path(site: Site) -> str:
    return site.path


@pytest.fixture(scope="session")
def upstream() -> int:
    """Port of the server itself."""
    return free_port()


@pytest.fixture(scope="session")
def demo(
    site: Site,
    upstream: int,
    filled: Path,
    certificate: Certificate,
    mailbox: Mailbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """The demo behind the proxy with the guide's file."""
    require(site.proxy)
    folder, port = tmp_path_factory.mktemp(site.proxy), free_port()
    shutil.copytree(filled, folder / "data")
    url = f"https://localhost:{port}{site.path}"
    variables = {"BOTMETER_URL": url, "BOTMETER_MAIL": f"smtp://127.0.0.1:{mailbox.port}"}
    of_host, of_path = files_of_guide(site.proxy)
    text = of_path if site.path else of_host
    with (
        running_server(
            "demo", "--events", str(EVENTS), folder=folder / "data", port=upstream, variables=variables
        ) as one,
        PROXIES[site.proxy](text, folder=folder, certificate=certificate, port=port, upstream=upstream),
    ):
        assert one.link.startswith(f"{url}/link/")
        yield replace(one, url=url, tls=certificate.context())


@pytest.fixture(scope="session")
def account(demo: Server) -> Account:
    """The account acme of the demo's server, which receives events through the proxy."""
    return Account(demo)
