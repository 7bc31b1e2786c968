"""Saved views: saved for oneself or for everyone, opened, renamed, deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.people.models import SavedView, User
from botmeter.people.rights import Role
from botmeter.people.saved_views import saved_view_name
from botmeter.web.pages.sharing.saved_address import address_of_query, address_text
from support.page_forms import changing_forms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
VIEWS = "/a/acme/views"
REPORT = "/a/acme/reports/bot-session-consumption"
BILLING = "/a/acme/admin/billing/session-usage-reports"
QUERY = "period=last-90-days&channel=web&compare=year"

Browser = Callable[..., Client]
Person = Callable[..., User]


@pytest.fixture
def ana(person: Person) -> User:
    return person("ana@example.org", role=Role.ANALYST)


def saved(client: Client, **fields: Any) -> Any:
    return client.post(VIEWS, {"name": "Web", "query": QUERY, **fields}, follow=True)


def test_a_view_is_stored_in_canonical_form_and_opens_the_report(ana: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client, query="compare=year&channel=web&channel=web&split=took-part&period=last-90-days&bot=")
    view = SavedView.objects.get()
    assert (view.query, view.owner, view.is_for_all) == (QUERY, ana, False)
    page = client.get(VIEWS).content.decode()
    assert f'href="{REPORT}?{QUERY.replace("&", "&amp;")}"' in page
    assert "Last 90 days, channel web, compared with the same weekdays of the year before" in page


@pytest.mark.slow
def test_the_report_names_the_view_that_it_shows(ana: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client, name="Web of all")
    assert '<p class="subtitle"><bdi>Web of all</bdi></p>' in client.get(f"{REPORT}?{QUERY}").content.decode()
    assert "Web of all" not in client.get(f"{REPORT}?period=all").content.decode()


def test_the_report_links_to_saving_its_view(ana: User, viewer: User, browser: Browser) -> None:
    page = browser(ana).get(f"{REPORT}?{QUERY}").content.decode()
    assert f'{VIEWS}?{QUERY.replace("&", "&amp;")}"' in page
    assert f"{VIEWS}?" not in browser(viewer).get(f"{REPORT}?{QUERY}").content.decode()
    form = browser(ana).get(f"{VIEWS}?{QUERY}").content.decode()
    assert f'name="query" value="{QUERY.replace("&", "&amp;")}"' in form


def test_a_view_is_updated_with_what_the_report_shows_and_back_again(ana: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client)
    saved_view, other = SavedView.objects.get(), "period=all&bot=b1"
    form = client.get(f"{VIEWS}?{other}&back=billing-report").content.decode()
    assert f'<option value="{saved_view.pk}">Web</option>' in form
    fields = {"what": "update", "view": saved_view.pk, "query": other, "back": "billing-report"}
    answer = client.post(VIEWS, fields)
    assert answer["Location"] == f"{BILLING}?{other}"
    saved_view.refresh_from_db()
    assert saved_view.query == other
    page = client.get(VIEWS).content.decode()
    assert "View Web updated." in page
    assert "It was: Last 90 days, channel web" in page
    [undo] = [form for form in changing_forms(page, path=VIEWS) if form.behaviour == "undo"]
    assert client.post(undo.action, undo.fields)["Location"] == f"{BILLING}?{other}"
    saved_view.refresh_from_db()
    assert saved_view.query == QUERY


def test_an_update_that_was_deleted_meanwhile_is_not_undone(ana: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client)
    client.post(VIEWS, {"what": "update", "view": SavedView.objects.get().pk, "query": "period=all"})
    [undo] = [form for form in changing_forms(client.get(VIEWS).content.decode(), path=VIEWS) if form.behaviour]
    SavedView.objects.all().delete()
    page = client.post(undo.action, undo.fields, follow=True).content.decode()
    assert "View Web was deleted meanwhile." in page


def test_only_views_that_the_user_may_change_can_be_updated(
    ana: User, owner: User, person: Person, browser: Browser
) -> None:
    saved(browser(ana), name="For all", for_all="on")
    saved(browser(ana), name="For Ana")
    ben = person("ben@example.org", role=Role.ANALYST)
    for user, names in ((ana, {"For all", "For Ana"}), (owner, {"For all"}), (ben, set())):
        for view in SavedView.objects.all():
            fields = {"what": "update", "view": view.pk, "query": f"bot=of-{user.pk}"}
            assert browser(user).post(VIEWS, fields).status_code == (
                302 if view.name in names else 200 if names else 404
            )
            view.refresh_from_db()
            assert (view.query == f"bot=of-{user.pk}") is (view.name in names)


def test_saving_leads_back_to_the_report_as_it_was(person: Person, browser: Browser) -> None:
    client = browser(person("bea@example.org", role=Role.BILLING_ADMIN))
    page = client.get(f"{BILLING}?{QUERY}").content.decode()
    assert f'{VIEWS}?{QUERY.replace("&", "&amp;")}&amp;back=billing-report"' in page
    form = client.get(f"{VIEWS}?{QUERY}&back=billing-report").content.decode()
    assert f'href="{BILLING}?{QUERY.replace("&", "&amp;")}"><span>Cancel</span>' in form
    for back, path in (("billing-report", BILLING), ("", REPORT), ("//elsewhere", None)):
        answer = client.post(VIEWS, {"name": f"Web {back}", "query": QUERY, "back": back})
        assert answer.get("Location") == (path and f"{path}?{QUERY}")


def test_other_members_see_only_views_saved_for_everyone(ana: User, person: Person, browser: Browser) -> None:
    saved(browser(ana), name="Mine")
    saved(browser(ana), name="Everybody's", for_all="on")
    ben = person("ben@example.org", role=Role.VIEWER, may_export=False)
    page = browser(ben).get(VIEWS).content.decode()
    assert "Everybody&#39;s" in page
    assert "Mine" not in page
    assert "Rename" not in page


def test_a_user_sees_their_own_name_of_a_view_first(ana: User, owner: User, browser: Browser) -> None:
    saved(browser(owner), name="A name of the owner", for_all="on")
    assert saved_view_name("acme", ana, query=f"?{QUERY}") == "A name of the owner"
    saved(browser(ana), name="My own")
    assert saved_view_name("acme", ana, query=QUERY) == "My own"
    assert saved_view_name("other", ana, query=QUERY) == ""


def test_a_view_can_be_renamed_and_deleted(ana: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client)
    path = f"{VIEWS}/{SavedView.objects.get().pk}"
    assert "renamed to Site" in client.post(path, {"what": "rename", "name": "Site"}, follow=True).content.decode()
    assert SavedView.objects.get().name == "Site"
    assert "deleted." in client.post(path, {"what": "delete"}, follow=True).content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("who", "is_for_all", "may"),
    [
        (Role.OWNER, True, True),
        (Role.OWNER, False, False),
        (Role.ANALYST, True, False),
        (Role.ANALYST, False, False),
        (Role.BILLING_ADMIN, True, False),
    ],
)
def test_only_owners_can_change_views_of_others(
    ana: User, person: Person, browser: Browser, *, who: Role, is_for_all: bool, may: bool
) -> None:
    saved(browser(ana), **({"for_all": "on"} if is_for_all else {}))
    client = browser(person("ben@example.org", role=who))
    path = f"{VIEWS}/{SavedView.objects.get().pk}"
    for fields in ({"what": "rename", "name": "Theirs"}, {"what": "delete"}):
        assert client.post(path, fields).status_code == (302 if may else 404)
    assert SavedView.objects.exists() is not may


def test_the_empty_page_explains_saving_only_to_members_with_the_right(
    viewer: User, ana: User, browser: Browser
) -> None:
    assert "select Save view" in browser(ana).get(VIEWS).content.decode()
    page = browser(viewer).get(VIEWS).content.decode()
    assert "No saved views yet" in page
    assert "select Save view" not in page


def test_a_viewer_can_open_views_but_not_save_any(viewer: User, ana: User, browser: Browser) -> None:
    saved(browser(ana), for_all="on")
    client = browser(viewer)
    page = client.get(f"{VIEWS}?{QUERY}")
    assert page.status_code == 200
    assert "Save this view" not in page.content.decode()
    assert saved(client, name="Other").status_code == 403
    assert client.post(f"{VIEWS}/{SavedView.objects.get().pk}", {"what": "delete"}).status_code == 403
    assert SavedView.objects.count() == 1


def test_a_view_of_another_account_is_not_found(stranger: User, ana: User, browser: Browser) -> None:
    saved(browser(ana), for_all="on")
    view = SavedView.objects.get()
    client = browser(stranger)
    assert client.get(VIEWS).status_code == 404
    for path in (f"{VIEWS}/{view.pk}", reverse("view", args=("other", view.pk))):
        assert client.post(path, {"what": "delete"}).status_code == 404
    assert browser().get(VIEWS).status_code == 302
    assert SavedView.objects.exists()


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "a\nb"}, {"name": "n" * 101}])
def test_an_invalid_name_shows_an_error_at_its_field(ana: User, browser: Browser, fields: dict[str, str]) -> None:
    answer = saved(browser(ana), **fields)
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_user_cannot_give_two_views_one_name(ana: User, owner: User, browser: Browser) -> None:
    client = browser(ana)
    saved(client)
    again = saved(client).content.decode()
    assert "You already have a view named &#39;Web&#39;" in again
    saved(client, name="Other")
    other = SavedView.objects.get(name="Other")
    answer = client.post(f"{VIEWS}/{other.pk}", {"what": "rename", "name": "Web"})
    assert answer.status_code == 409
    assert "view_exists" in answer.content.decode()
    saved(browser(owner))
    assert SavedView.objects.filter(name="Web").count() == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [({}, "parameter_invalid"), ({"what": "burn"}, "parameter_invalid"), ({"what": "rename"}, "view_name_invalid")],
)
def test_an_invalid_action_is_refused(ana: User, browser: Browser, fields: dict[str, str], code: str) -> None:
    client = browser(ana)
    saved(client)
    answer = client.post(f"{VIEWS}/{SavedView.objects.get().pk}", fields)
    assert answer.status_code == 400
    assert code in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "code"),
    [("period=soon", "parameter_invalid"), ("to=never", "date_invalid"), ("bot=" + "b" * 8000, "address_too_long")],
)
def test_an_invalid_address_is_not_saved(ana: User, browser: Browser, query: str, code: str) -> None:
    answer = saved(browser(ana), query=query)
    assert answer.status_code in {400, 413}
    assert code in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_form_without_its_csrf_token_saves_nothing(ana: User, browser: Browser) -> None:
    assert saved(browser(ana, checks_csrf=True)).status_code == 403
    assert not SavedView.objects.exists()


def test_html_in_names_is_escaped(ana: User, browser: Browser) -> None:
    client = browser(ana)
    name = "<script>alert(1)</script>"
    saved(client, name=name)
    for path in (VIEWS, f"{REPORT}?{QUERY}", "/a/acme/reports"):
        page = client.get(path).content.decode()
        assert name not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Last 30 days, compared with the previous period"),
        ("from=2026-03-01&to=2026-03-31&compare=none", "1 – 31 Mar 2026"),
        ("from=2026-03-01&compare=none&timezone=Asia/Kolkata", "Since 1 Mar 2026, Asia/Kolkata"),
        ("to=2026-03-31&compare=none&preview=only", "30 days until 31 Mar 2026, previews only"),
        ("period=all&compare=none&bot=a&bot=b", "All time, bot a or b"),
        (
            "period=today&compare=none&split=opened&preview=without&bot_version=1&bot_version=2&bot_version=3&bot_version=4",
            "Today, bot version 4 selected, without previews, split by opening bot and channel",
        ),
    ],
)
def test_a_view_is_described_in_words(query: str, words: str) -> None:
    assert address_text(address_of_query(query)) == words
