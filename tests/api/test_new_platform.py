"""A platform is one folder and one line of the registry: everything that lists or uses platforms finds a new one."""

import json
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from docs import generate
from tests.support import made_up_platform
from tests.support.made_up_platform import CODE, CONNECTOR, PAYLOAD

from botmeter.domain.source import Source
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from botmeter.sources.platforms import registry
from support.live import Live, counts

SOURCES = "/a/acme/admin/sources"
MODULE = f"tests.support.{Path(made_up_platform.__file__).stem}"
TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.MODULES, CODE, MODULE)


@pytest.fixture
def owner(db: None, client: Client) -> Client:
    user = User.objects.create_user("olga@example.org", name="Olga", password="correct horse")  # noqa: S106 - a test's
    Membership.objects.create(user=user, account="acme", role=Role.OWNER)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_webhook_route_reads_its_payloads_and_answers_its_challenge(live: Live, key: str) -> None:
    path = live.source("acme", Source(name="loft", platform=CODE, bot_id="orders"))
    assert counts(live.request("POST", path, json.dumps(PAYLOAD).encode())) == (1, 0, 0, 0)
    assert len(live.sessions("acme")) == 1
    assert live.request("GET", f"{path}?coo=1").body == b"coo 1 True"


@pytest.mark.slow
def test_the_pages_offer_it_and_show_its_steps_and_options(owner: Client) -> None:
    page = unescape(owner.get(SOURCES).content.decode())
    assert f'<option value="{CODE}">{CONNECTOR.label}</option>' in page
    assert CONNECTOR.summary in page
    made = owner.post(SOURCES, {"name": "loft", "platform": CODE}, follow=True)
    page = unescape(made.content.decode())
    assert all(text in page for text in (CONNECTOR.label, *CONNECTOR.steps, CONNECTOR.options[0].label))


@pytest.mark.slow
def test_the_command_line_lists_and_accepts_it(tmp_path: Path) -> None:
    script = (
        f"import sys; from botmeter.sources.platforms import registry; registry.MODULES['{CODE}'] = '{MODULE}';"
        "from botmeter.cli.main import exit_code; sys.exit(max(exit_code(line.split()) for line in sys.argv[1:]))"
    )
    lines = (
        "source create --help",
        f"account create acme --data {tmp_path}",
        f"source create loft --account acme --platform {CODE} --data {tmp_path}",
        f"source list --account acme --format json --data {tmp_path}",
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *lines], capture_output=True, text=True, cwd=TESTS.parent, check=False
    )
    assert done.returncode == 0, done.stderr
    helped, _, listed = done.stdout.partition("/api/v1/webhooks/loft/")
    assert CODE in helped
    assert f'"platform": "{CODE}"' in listed


def test_the_documentation_lists_it_with_its_options() -> None:
    page = generate.PAGES["platforms.md"]()
    assert f"[Pigeon Post](../guides/sources.md) | `{CODE}` | letters" in page
    assert "| Pigeon Post | `loft` | Where the pigeons live. |" in page
