"""Admin → Settings: account name, start date, time zone, and the policy with its effect."""

from datetime import timedelta

import pytest
from tests.support.ledgers import NOW_US, append_events, event

from botmeter.domain.instant import DAY_US, now_us
from botmeter.domain.period import day_of_us
from botmeter.domain.text import day_text
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.server_state import ServerState
from botmeter.people.audit import Action
from botmeter.people.models import AccountPreference, AuditEntry, User
from botmeter.web.pages.account import policy_change
from web.conftest import MakeBrowser

pytestmark = pytest.mark.django_db
SETTINGS = "/a/acme/admin/settings"
POLICY = f"{SETTINGS}/policy"
SENT = {"title": "acme", "available_from": "2022-02-04", "timezone": "UTC"}


def test_changes_of_name_start_date_and_time_zone_are_audited(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    sent = {"title": "Acme & Sons", "available_from": "2021-01-01", "timezone": "Asia/Kolkata"}
    page = browser(owner).post(SETTINGS, sent, follow=True).content.decode()
    assert "Data start date: 1 Jan 2021. Account name: Acme &amp; Sons. Reporting time zone: Asia/Kolkata." in page
    with ledgers.reading("acme") as ledger:
        assert (ledger.account.title, ledger.account.available_from.isoformat()) == ("Acme & Sons", "2021-01-01")
    assert AccountPreference.objects.get().timezone == "Asia/Kolkata"
    noted = AuditEntry.objects.filter(action=Action.SETTING_CHANGED).values_list("detail__setting", flat=True)
    assert sorted(noted) == ["available_from", "title", "zone"]


def test_submitting_unchanged_settings_changes_nothing(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    page = browser(owner).post(SETTINGS, SENT, follow=True).content.decode()
    assert "No changes." in page
    assert not AuditEntry.objects.filter(action=Action.SETTING_CHANGED).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
        {"available_from": "30 Feb 2026"},
        {"available_from": "2026-05-01"},
        {"title": ""},
        {"title": "x" * 101},
        {"title": "two\nlines\x07"},
    ],
)
def test_an_invalid_setting_shows_an_error_and_changes_nothing(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, wrong: dict[str, str]
) -> None:
    answer = browser(owner).post(SETTINGS, {**SENT, **wrong})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    with ledgers.reading("acme") as ledger:
        assert (ledger.account.title, ledger.account.available_from.isoformat()) == ("acme", "2022-02-04")
    assert not AccountPreference.objects.exists()


def test_the_page_shows_the_policy_and_its_definition(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    page = browser(owner).get(SETTINGS).content.decode()
    assert "freshchat.session@1" in page
    assert "since the beginning" in page
    assert "max_duration = &#34;1d&#34;" in page


def test_the_effect_of_a_policy_can_be_previewed(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The events are of March and April 2026.
    monkeypatch.setattr(policy_change, "present_us", lambda: NOW_US - 50 * DAY_US)
    page = browser(owner).get(POLICY, {"text": 'name = "mine"\nidle_timeout = "30m"\n'}).content.decode()
    assert "Effect of mine@1" in page
    assert '<b class="num">4</b> sessions instead of <b class="num">3</b> under freshchat.session@1' in page
    assert "the idle timeout of the previous session had passed" in page
    with ledgers.reading("acme") as ledger:
        assert [term.policy.label for term in ledger.schedule] == ["freshchat.session@1"]


def test_the_effect_of_a_policy_on_messages_of_one_instant_can_be_previewed(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_change, "present_us", lambda: NOW_US - 50 * DAY_US)
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *(event(f"t{n}", "2026-04-02T10:00", customer_id="c9") for n in range(9)))
    answer = browser(owner).get(POLICY, {"policy": "lex.request"})
    assert answer.status_code == 200
    assert "the previous session had reached its maximum number of turns" in answer.content.decode()


def test_a_published_policy_cites_its_source(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    page = browser(owner).get(POLICY, {"policy": "kommunicate.mau"}).content.decode()
    assert "Source: https://" in page
    assert "Apply policy" in page


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"policy": "no.such"}, "Unknown policy"),
        ({"policy": "/etc/passwd"}, "Unknown policy"),
        ({"text": "max_duration = 5"}, "max_duration must be"),
        ({"text": "]["}, "not valid TOML"),
        # policy_text_too_long
        ({"text": "x" * 5_000}, "this page accepts 4,000"),
        ({"text": 'name = "<script>alert(1)</script>@"'}, "the name"),
    ],
)
def test_an_invalid_policy_shows_an_error(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, query: dict[str, str], message: str
) -> None:
    answer = browser(owner).get(POLICY, query)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert message in page
    assert "<script>alert" not in page
    assert "Apply policy" not in page
    assert browser(owner).post(POLICY, {**query, "from_on": "2030-01-01"}).status_code == 200


def test_a_policy_can_be_scheduled_from_tomorrow(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    tomorrow = day_of_us(now_us()) + timedelta(days=1)
    client = browser(owner)
    assert f'value="{day_text(tomorrow)}"' in client.get(POLICY, {"policy": "kommunicate.mau"}).content.decode()
    page = client.post(POLICY, {"policy": "kommunicate.mau", "from_on": str(tomorrow)}, follow=True).content.decode()
    assert "The current policy applies until then." in page
    assert "Scheduled" in page
    with ledgers.reading("acme") as ledger:
        assert [term.policy.name for term in ledger.schedule] == ["freshchat.session", "kommunicate.mau"]
    entry = AuditEntry.objects.get(action=Action.POLICY_SET)
    assert (entry.detail["policy"], entry.detail["before"]) == ("kommunicate.mau@1", "freshchat.session@1")


def test_the_report_does_not_describe_a_scheduled_policy(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    tomorrow = day_of_us(now_us()) + timedelta(days=1)
    client, report = browser(owner), "/a/acme/reports/bot-session-consumption"
    before = client.get(report).content.decode().partition('<footer class="foot">')[2]
    client.post(POLICY, {"policy": "kommunicate.mau", "from_on": str(tomorrow)})
    assert "24 hours" in before
    assert client.get(report).content.decode().partition('<footer class="foot">')[2] == before


def test_past_sessions_are_metered_again_only_when_confirmed(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    client = browser(owner)
    sent = {"text": 'name = "mine"\nidle_timeout = "30m"\n', "from_on": "2026-03-01"}
    refused = client.post(POLICY, sent).content.decode()
    assert "1 Mar 2026 is not in the future" in refused
    assert "error" in refused
    assert not AuditEntry.objects.filter(action=Action.POLICY_SET).exists()
    page = client.post(POLICY, {**sent, "remeter": "on"}, follow=True).content.decode()
    assert "1 day restated: 1 session before, 2 now." in page
    with ledgers.reading("acme") as ledger:
        assert [term.policy.label for term in ledger.schedule] == ["freshchat.session@1", "mine@1"]


def test_another_policy_of_the_same_label_is_refused_in_the_form(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    sent = {"text": 'name = "freshchat.session"\nidle_timeout = "30m"\n', "from_on": "2030-01-01"}
    page = browser(owner).post(POLICY, sent).content.decode()
    assert "The account has another policy freshchat.session@1 already" in page


def test_a_simulation_is_refused_while_another_of_the_account_runs(
    state: ServerState, owner: User, browser: MakeBrowser
) -> None:
    client, simulated = browser(owner), {"policy": "lex.request"}
    with state.simulations.turn("acme"):
        refused = client.get(POLICY, simulated)
    assert refused.status_code == 503
    assert "Another simulation of account acme is running" in refused.content.decode()
    with state.simulations.turn("other"):
        assert client.get(POLICY, simulated).status_code == 200


def test_viewers_see_billing_only_where_the_account_lets_them_see_costs(
    ledgers: OpenLedgers, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    billing, theirs = "/a/acme/admin/billing", browser(viewer)
    assert theirs.get(billing).status_code == 403
    page = browser(owner).post(SETTINGS, {**SENT, "viewers_see_money": "on"}, follow=True).content.decode()
    assert "Viewers see costs: yes." in page
    assert theirs.get(billing).status_code == 200
    assert f'href="{billing}"' in theirs.get("/a/acme/reports").content.decode()
    assert AuditEntry.objects.get(action=Action.SETTING_CHANGED).detail["setting"] == "viewers_see_money"
    browser(owner).post(SETTINGS, SENT)
    assert theirs.get(billing).status_code == 403
