"""Cookies, HSTS and session limits of a server behind https, and links below its public address."""

import asyncio
import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

import botmeter
from botmeter.domain.instant import present
from botmeter.people.models import User
from botmeter.people.session_limits import AGE_SECONDS_MAX, IDLE_SECONDS_MAX
from botmeter.server.front.answer import Answer
from web.conftest import PASSWORD, MakeBrowser

HOUR = 3_600


@pytest.fixture
def settings_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """`settings_at(url)`: the settings of a server with this public URL."""
    monkeypatch.setenv("BOTMETER_DATA", str(tmp_path))

    def read(url: str) -> dict[str, Any]:
        monkeypatch.setenv("BOTMETER_URL", url)
        return runpy.run_path(str(Path(botmeter.__file__).parent / "web" / "settings.py"))

    return read


@pytest.mark.parametrize(
    ("url", "prefix", "path", "has_strict_transport"),
    [
        ("https://meter.example", "__Host-", "/", True),
        ("https://meter.example:8443", "__Host-", "/", False),
        ("https://tools.example/meter", "__Secure-", "/meter", True),
        ("http://127.0.0.1:8000", "", "/", False),
        ("", "", "/", False),
    ],
)
def test_cookies_are_bound_to_the_public_url(
    settings_at: Callable[[str], dict[str, Any]], url: str, prefix: str, path: str, has_strict_transport: bool
) -> None:
    read = settings_at(url)
    for kind in ("SESSION", "CSRF"):
        assert read[f"{kind}_COOKIE_NAME"] == f"{prefix}botmeter_{kind.lower()}"
        assert read[f"{kind}_COOKIE_PATH"] == path
        assert read[f"{kind}_COOKIE_SECURE"] == url.startswith("https")
    # Of the path of one link.
    assert read["SHARE_COOKIE_NAME"] == f"{'__Secure-' if prefix else ''}botmeter_share"
    assert read["HAS_STRICT_TRANSPORT"] == has_strict_transport


@pytest.mark.django_db
def test_a_host_cookie_has_the_attributes_that_browsers_require(
    ledgers: object, owner: User, settings: Settings
) -> None:
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-botmeter_session", True
    client = Client()
    client.post("/sign-in", {"username": owner.email, "password": PASSWORD})
    cookie = client.cookies["__Host-botmeter_session"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
    assert cookie["samesite"] == "Lax"
    assert client.get("/me").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("has_it", [True, False])
def test_every_answer_orders_https_for_a_year(settings: Settings, has_it: bool) -> None:
    settings.HAS_STRICT_TRANSPORT = has_it
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Answer().sent(send, number="1"))
    of_front = dict(sent[0]["headers"]).get(b"strict-transport-security")
    of_pages = Client().get("/sign-in").headers.get("Strict-Transport-Security")
    expected = "max-age=31536000" if has_it else None
    assert (of_front.decode() if of_front else None, of_pages) == (expected, expected)


def moved(client: Client, **seconds: int) -> None:
    """Set a session's instants back."""
    session = client.session
    for name, by in seconds.items():
        session[name] -= by
    session.save()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("idle", "age", "is_signed_in"),
    [
        (IDLE_SECONDS_MAX - 60, 0, True),
        (IDLE_SECONDS_MAX + 60, 0, False),
        (0, AGE_SECONDS_MAX - 60, True),
        (0, AGE_SECONDS_MAX + 60, False),
        (-HOUR, 0, True),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(
    ledgers: object, owner: User, browser: MakeBrowser, idle: int, age: int, is_signed_in: bool
) -> None:
    client = browser(owner)
    client.get("/me")
    moved(client, seen_at=idle, began_at=age)
    answer = client.get("/me")
    assert (answer.status_code == 200) == is_signed_in
    if not is_signed_in:
        assert answer["Location"] == "/sign-in?next=/me"
        assert not client.session.keys()


@pytest.mark.django_db
def test_requests_of_people_keep_a_session_alive_and_those_of_open_pages_do_not(
    ledgers: object, owner: User, browser: MakeBrowser
) -> None:
    client = browser(owner)
    client.get("/me")
    moved(client, seen_at=HOUR)
    before = client.session["seen_at"]
    client.get(reverse("report-fresh", args=("acme",)), {"follow": "on"})
    assert client.session["seen_at"] == before
    client.get("/me")
    assert client.session["seen_at"] >= before + HOUR


@pytest.mark.django_db
def test_signing_in_starts_the_limits_anew(ledgers: object, owner: User) -> None:
    client = Client()
    for _ in range(2):
        client.post("/sign-in", {"username": owner.email, "password": PASSWORD})
        assert client.session["began_at"] >= int((present() - timedelta(minutes=1)).timestamp())
        moved(client, began_at=AGE_SECONDS_MAX + 60)
        assert client.get("/me").status_code == 302


def test_no_page_builds_an_address_from_the_host_of_a_request() -> None:
    folder = Path(botmeter.__file__).parent
    builders = [path.name for path in folder.rglob("*.py") if "build_absolute_uri" in path.read_text(encoding="utf-8")]
    assert builders == ["public_address.py"]
