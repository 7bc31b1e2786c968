"""Passwords and dates of share links: asked before anything is shown, said on the page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client, RequestFactory
from pytest_django import Settings

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people import password_hashing
from botmeter.people.guesses import SHARE_LINKS, is_share_password
from botmeter.people.models import AuditEntry, ShareLink, User
from botmeter.people.shares import NewShare, ShareDraft, new_share
from botmeter.reports.presets import Preset
from botmeter.web.pages.sharing.saved_address import address_of_query
from botmeter.web.question import report_question
from support.html import code_blocks
from web.conftest import MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
SHARES = "/a/acme/shares"
MARCH = "from=2026-03-30&to=2026-03-31&timezone=UTC&compare=none"
PASSWORD = "maple syrup season"  # noqa: S105 - of links in tests
PARTS = ("", "?channel=web", "/rows", "/widgets/hours", "/filters/bot", "/fresh")


@pytest.fixture
def link(owner: User) -> Callable[..., NewShare]:
    def made(password: str = PASSWORD) -> NewShare:
        draft = ShareDraft(name="Board", query=MARCH, lasting_days=365, may_see_rows=True, password=password)
        return new_share("acme", draft, created_by=owner)

    return made


def sent(client: Client, **fields: Any) -> Any:
    return client.post(SHARES, {"name": "March", "lasting_days": 7, "query": MARCH, **fields})


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_shown_before_the_password(link: Callable[..., NewShare], client: Client, part: str) -> None:
    made = link()
    answer = client.get(f"/s/{made.secret}{part}")
    page = answer.content.decode().replace(made.secret, "")
    assert (answer.status_code, "Password required" in page) == (200, True)
    for shown in ("Board", "Olga", "acme", "Acme", "Order bot", "data-widget", "2026"):
        assert shown not in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    # With no-referrer, browsers send the form with the origin null, which is refused.
    assert answer.headers["Referrer-Policy"] == "same-origin"
    refused = client.get(f"/s/{made.secret}{part}", headers={"HX-Request": "true"})
    assert (refused.status_code, "share_password_missing" in refused.content.decode()) == (403, True)
    wrong = client.post(f"/s/{made.secret}{part}", {"password": f"{PASSWORD} "})
    assert "Wrong password." in wrong.content.decode()
    assert ShareLink.objects.get().open_count == 0


def test_the_password_opens_the_requested_page_of_its_link_alone(link: Callable[..., NewShare], client: Client) -> None:
    made, other = link(), link()
    for part in PARTS[:3]:
        address = f"/s/{made.secret}{part}"
        answer = client.post(address, {"password": PASSWORD})
        assert (answer.status_code, answer["Location"]) == (302, address)
        assert "data-widget" in client.get(address).content.decode()
    cookie = client.cookies["botmeter_share"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/s/{made.secret}", True, "Lax")
    # The test's client sends it to every path.
    assert "Password required" in client.get(f"/s/{other.secret}").content.decode()
    ShareLink.objects.filter(pk=made.link.pk).update(password=other.link.password)
    assert "Password required" in client.get(f"/s/{made.secret}").content.decode()


def test_an_opening_with_a_password_counts_once(link: Callable[..., NewShare], client: Client) -> None:
    made = link()
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}):
        client.cookies.clear()
        client.post(f"/s/{made.secret}", {"password": PASSWORD}, follow=True, headers=headers)
    assert ShareLink.objects.get().open_count == 2


def test_a_password_is_hashed_and_in_no_log(owner: User, browser: MakeBrowser) -> None:
    olga = browser(owner)
    assert sent(olga, password=PASSWORD).status_code == 302
    stored = ShareLink.objects.get()
    assert identify_hasher(stored.password)
    page = olga.get(SHARES).content.decode()
    assert "Anyone with the link and its password" in page
    assert "with password" in page
    detail = AuditEntry.objects.get(action="view_shared").detail
    assert detail["password"] is True
    assert PASSWORD not in f"{page}{detail}{stored.password}"


@pytest.mark.parametrize("password", ["short", "12345678901234", "password123", "x" * 201])
def test_a_weak_password_shows_an_error_at_its_field(owner: User, browser: MakeBrowser, password: str) -> None:
    assert "has-error" in sent(browser(owner), password=password).content.decode()
    assert not ShareLink.objects.exists()


@pytest.mark.slow
def test_wrong_passwords_wait_by_network_and_end_for_all(link: Callable[..., NewShare], client: Client) -> None:
    made = link()
    for _ in range(10):
        client.post(f"/s/{made.secret}", {"password": "wrong"})
    refused = client.post(f"/s/{made.secret}", {"password": PASSWORD})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "Too many wrong passwords were tried" in refused.content.decode()
    elsewhere = client.post(f"/s/{made.secret}", {"password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302

    for number in range(SHARE_LINKS.free_count - 10):
        request = RequestFactory().post("/", REMOTE_ADDR=f"198.51.{number}.7")
        assert not is_share_password(request, made.link, password="wrong")  # noqa: S106 - the point
    with pytest.raises(Unavailable) as caught:
        is_share_password(RequestFactory().post("/", REMOTE_ADDR="192.0.2.1"), made.link, password=PASSWORD)
    assert caught.value.code == "attempts_exceeded"


def test_a_password_is_sent_with_the_token_of_its_form(link: Callable[..., NewShare], browser: MakeBrowser) -> None:
    assert browser(checks_csrf=True).post(f"/s/{link().secret}", {"password": PASSWORD}).status_code == 403
    assert browser().post(f"/s/{link(password='').secret}", {"password": PASSWORD}).status_code == 405


def test_the_dates_of_a_link_move_or_stay_and_both_pages_say_so(owner: User, browser: MakeBrowser) -> None:
    olga, today = browser(owner), present().date()
    form = olga.get(f"{SHARES}?period=last-7-days&timezone=UTC").content.decode()
    assert "Move with time: Last 7 days" in form
    assert "Stay as they are: " in form
    for dates, query, words, line in (
        ("moving", "period=last-7-days&timezone=UTC", "The dates move with time: last 7 days.", "dates move with time"),
        ("", "period=last-7-days&timezone=UTC", "The dates move with time: last 7 days.", "dates move with time"),
        (
            "fixed",
            f"from={today - timedelta(days=6)}&to={today}&timezone=UTC",
            "The dates are fixed: ",
            "dates are fixed",
        ),
    ):
        ShareLink.objects.all().delete()
        sent(olga, query="period=last-7-days&timezone=UTC", dates=dates)
        stored, page = ShareLink.objects.get(), olga.get(SHARES).content.decode()
        assert stored.query == query
        assert line in page
        address = next(block for block in code_blocks(page) if "/s/" in block)
        assert words in browser().get(address.removeprefix("http://testserver")).content.decode()


@pytest.mark.parametrize("compare", ["auto", "calendar", "previous", "year", "year-dates", "none"])
def test_fixed_dates_keep_the_days_and_their_comparison(
    owner: User, browser: MakeBrowser, ledgers: OpenLedgers, compare: str
) -> None:
    olga = browser(owner)
    for preset in Preset:
        ShareLink.objects.all().delete()
        query = f"period={preset.value}&timezone=UTC&compare={compare}"
        sent(olga, query=query, dates="fixed")
        stored = address_of_query(ShareLink.objects.get().query)
        assert stored.preset is None
        with ledgers.reading("acme") as ledger:
            moving, fixed = (
                report_question(ledger, address, zone="UTC") for address in (address_of_query(query), stored)
            )
        assert fixed.query == moving.query
        days = [each and (each.period.first_on, each.period.last_on) for each in (fixed.compared, moving.compared)]
        assert days[0] == days[1], (preset, stored)


def test_a_view_of_fixed_dates_has_no_choice_of_dates(owner: User, browser: MakeBrowser) -> None:
    assert 'name="dates"' not in browser(owner).get(f"{SHARES}?{MARCH}").content.decode()


def test_a_link_lasts_for_a_year_at_most_and_its_page_leads_back(owner: User, browser: MakeBrowser) -> None:
    olga = browser(owner)
    answer = sent(olga, lasting_days=365, back="billing-report")
    assert answer["Location"] == f"/a/acme/admin/billing/session-usage-reports?{MARCH}"
    assert ShareLink.objects.get().expires_at - present() > timedelta(days=364)
    assert "/s/" in next(block for block in code_blocks(olga.get(answer["Location"]).content.decode()))
    assert "has-error" in sent(olga, lasting_days=366).content.decode()


def test_a_server_that_hashes_too_many_passwords_keeps_what_was_entered(
    owner: User, browser: MakeBrowser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["botmeter.people.password_hashing.PooledArgon2"]
    monkeypatch.setattr(password_hashing, "pool", password_hashing.HashingPool(known_max=0))
    page = sent(browser(owner), password=PASSWORD).content.decode()
    assert "has-error" in page
    assert f'value="{PASSWORD}"' in page
    assert not ShareLink.objects.exists()
