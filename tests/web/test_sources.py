"""Admin → Sources: created, changed, turned off and removed, by owners alone, and audited."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from tests.support.ledgers import NOW_US, append_events, event

from botmeter.domain.errors import BotmeterError, NotAllowed, Refused
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.deliveries import deliveries
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.sources import remove_source, set_source, source_history, source_of
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry, EventSource, User
from botmeter.people.source_actions import (
    Author,
    change_secret,
    change_source,
    checked_secret,
    create_source,
    remove_identity,
    turn_source,
)
from botmeter.people.source_pulls import pull_settings_of
from botmeter.people.sources import opened_source
from botmeter.sources.platforms.registry import connector_of, platform_codes
from support.html import code_blocks

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SOURCES = "/a/acme/admin/sources"
DESK = f"{SOURCES}/desk"
HUSH = "hush-hush"
MADE = Source(name="desk", platform="chatwoot")


@pytest.fixture
def olga(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> Client:
    return browser(owner)


def created(client: Client, *, name: str = "desk", platform: str = "chatwoot") -> str:
    """The page after creating a source."""
    return str(client.post(SOURCES, {"name": name, "platform": platform}, follow=True).content.decode())


def key_in(page: str) -> str:
    """The key in the address that is displayed once."""
    address = next(block for block in code_blocks(page) if "/webhooks/" in block and "…" not in block)
    return address.rpartition("/")[2]


@pytest.fixture
def key(ledgers: OpenLedgers, owner: User) -> str:
    """The key of the source desk."""
    with ledgers.writing("acme") as ledger:
        return create_source(ledger, MADE, author=Author(user=owner)).key


def done(client: Client, what: str, **fields: Any) -> str:
    answer = client.post(DESK, {"what": what, "confirmed": "yes", **fields}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def desk(ledgers: OpenLedgers) -> Source:
    with ledgers.reading("acme") as ledger:
        source = source_of(ledger, "desk")
    assert source is not None
    return source


def test_an_address_is_displayed_once_and_opens_the_source(olga: Client) -> None:
    page = created(olga)
    key = key_in(page)
    assert f"http://testserver/api/v1/webhooks/desk/{key}" in page
    assert opened_source("desk", key).account == "acme"
    again = olga.get(DESK).content.decode()
    assert key not in again
    assert f"/webhooks/desk/{key[:10]}…" in again


def test_a_source_is_stored_in_the_ledger_with_its_author(olga: Client, ledgers: OpenLedgers) -> None:
    created(olga)
    with ledgers.reading("acme") as ledger:
        (change,) = source_history(ledger)
    assert (change.source, change.by) == (MADE, "olga@example.org")
    assert "desk" in olga.get(SOURCES).content.decode()


def test_the_page_lists_the_last_changes_of_a_source_and_their_authors(olga: Client, ledgers: OpenLedgers) -> None:
    bots = Source(name="desk", platform="botframework")
    labels = {option.name: option.label for option in connector_of(bots.platform).options}
    with ledgers.writing("acme") as ledger:
        set_source(ledger, bots, now_us=NOW_US, by="ann@example.org")
        set_source(ledger, replace(bots, bot_id="b", channel="web"), now_us=NOW_US + 1, by="bob@example.org")
        set_source(ledger, replace(bots, options=(("preview_channels", "7"),)), now_us=NOW_US + 2)
        remove_source(ledger, "desk", now_us=NOW_US + 3, by="cy@example.org")
        set_source(ledger, bots, now_us=NOW_US + 4, by="dee@example.org")
    assert changes(olga.get(DESK).content.decode()) == [
        "Created again dee@example.org",
        "Removed cy@example.org",
        f"Changed: default bot, channel, {labels['preview_channels']} unknown",
        "Changed: default bot, channel bob@example.org",
        "Created ann@example.org",
    ]
    with ledgers.writing("acme") as ledger:
        set_source(ledger, replace(bots, channel="sms"), now_us=NOW_US + 5, by="eve@example.org")
    assert changes(olga.get(DESK).content.decode())[::4] == [
        "Changed: channel eve@example.org",
        "Changed: default bot, channel bob@example.org",
    ]


def changes(page: str) -> list[str]:
    card = page.partition('data-widget="source-changes"')[2].partition("</dl>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in re.findall(r"<dd>(.*?)</dd>", card)]


def test_creating_a_source_is_audited_without_its_key(olga: Client) -> None:
    key = key_in(created(olga))
    entry = AuditEntry.objects.get(action="source_created")
    assert (entry.account, entry.who) == ("acme", "olga@example.org")
    assert entry.detail == {
        "source": "desk",
        "platform": "chatwoot",
        "key": f"{key[:10]}…",
        "checks_signatures": False,
    }


@pytest.mark.parametrize("platform", platform_codes())
def test_every_platform_has_its_set_up_options_and_secret_on_the_page(olga: Client, platform: str) -> None:
    page = created(olga, platform=platform)
    assert connector_of(platform).label in page
    assert ('data-widget="secret"' in page) == (connector_of(platform).secret is not None)
    assert all(option.label in unescape(page) for option in connector_of(platform).options)
    assert page.count("<h1") == 1
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "a/b"}, {"name": "two words"}, {"name": "n" * 65}, {"platform": "irc"}, {"name": "desk"}],
)
def test_an_invalid_source_shows_an_error_at_its_field(olga: Client, key: str, fields: dict[str, str]) -> None:
    answer = olga.post(SOURCES, {"name": "other", "platform": "rasa", **fields})
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()
    assert EventSource.objects.count() == 1


def test_defaults_and_options_can_be_set_and_cleared(olga: Client, key: str, ledgers: OpenLedgers) -> None:
    bot = {"bot_id": "orders", "bot_name": " Orders "}
    values = {"channel": "web", "option_ticket_attribute": "case"}
    assert "Saved." in done(olga, "bot", **bot)
    assert "Saved." in done(olga, "settings", **values)
    assert desk(ledgers) == Source(
        name="desk",
        platform="chatwoot",
        bot_id="orders",
        bot_name="Orders",
        channel="web",
        options=(("ticket_attribute", "case"),),
    )
    assert 'value="orders"' in olga.get(DESK).content.decode()
    assert "No changes." in done(olga, "settings", **values)
    assert "No changes." in done(olga, "bot", **bot)
    done(olga, "settings")
    done(olga, "bot")
    assert desk(ledgers) == MADE
    changes = [entry.detail["changed"] for entry in AuditEntry.objects.filter(action="source_changed").order_by("pk")]
    assert changes == [["bot id", "bot name"], ["channel", "options"], ["channel", "options"], ["bot id", "bot name"]]


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("bot", {"bot_id": "b\x01"}),
        ("settings", {"channel": "c" * 513}),
        ("settings", {"option_ticket_attribute": "\x02"}),
        ("settings", {"option_default_bot_while": "open"}),
    ],
)
def test_an_invalid_setting_shows_an_error(
    olga: Client, key: str, action: str, values: dict[str, str], ledgers: OpenLedgers
) -> None:
    assert "alert" in done(olga, action, **values)
    assert desk(ledgers) == MADE


def test_bot_identities_can_be_added_and_removed(olga: Client, key: str, ledgers: OpenLedgers) -> None:
    done(olga, "identity-add", sender="12", bot_id="orders", bot_name="Orders")
    done(olga, "identity-add", sender="<b>13", bot_id="returns", bot_version="2")
    done(olga, "identity-add", sender="12", bot_id="orders-2")
    assert desk(ledgers).identities == (
        BotIdentity(sender="<b>13", bot_id="returns", bot_version="2"),
        BotIdentity(sender="12", bot_id="orders-2"),
    )
    listed = olga.get("/a/acme/admin/bot-identities").content.decode()
    assert "orders-2" in listed
    assert "<b>13" not in listed
    assert "no longer a bot" in done(olga, "identity-remove", sender="12")
    assert [each.sender for each in desk(ledgers).identities] == ["<b>13"]
    assert olga.post(DESK, {"what": "identity-remove", "sender": "12", "confirmed": "yes"}).status_code == 404


@pytest.mark.parametrize("values", [{}, {"sender": "1"}, {"bot_id": "b"}, {"sender": "1", "bot_id": "b\x01"}])
def test_an_identity_without_sender_or_bot_shows_an_error(
    olga: Client, key: str, values: dict[str, str], ledgers: OpenLedgers
) -> None:
    assert "alert" in done(olga, "identity-add", **values)
    assert desk(ledgers).identities == ()


def test_a_secret_is_stored_and_never_displayed(olga: Client, key: str) -> None:
    page = done(olga, "secret", secret=f" {HUSH} ")
    assert "hush" not in page
    assert opened_source("desk", key).secret == HUSH
    assert "hush" not in str(AuditEntry.objects.values_list("detail", flat=True))
    done(olga, "secret-remove")
    assert opened_source("desk", key).secret == ""


def test_a_freshchat_secret_must_be_a_public_key(olga: Client) -> None:
    key = key_in(created(olga, platform="freshchat"))
    assert "is not an RSA public key" in done(olga, "secret", secret=HUSH)
    public = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    done(olga, "secret", secret=pem)
    assert opened_source("desk", key).secret == pem.strip()


def test_a_platform_without_signatures_accepts_no_secret(olga: Client) -> None:
    created(olga, platform="rasa")
    assert olga.post(DESK, {"what": "secret", "secret": HUSH}).status_code == 404
    assert EventSource.objects.get().secret == ""
    with pytest.raises(Refused, match="does not sign") as refused:
        checked_secret("rasa", HUSH)
    assert refused.value.code == "secret_invalid"


def test_a_new_address_invalidates_the_old_one(olga: Client, key: str) -> None:
    new = key_in(done(olga, "rotate"))
    assert opened_source("desk", new).name == "desk"
    with pytest.raises(NotAllowed):
        opened_source("desk", key)
    entry = AuditEntry.objects.get(action="source_key_rotated")
    assert entry.detail["instead_of"] == f"{key[:10]}…"
    assert new not in str(entry.detail)


def test_the_page_of_a_whatsapp_source_shows_its_verify_token(olga: Client) -> None:
    page = created(olga, platform="whatsapp")
    assert opened_source("desk", key_in(page)).verify_token in page


def test_a_source_is_turned_off_and_on(olga: Client, key: str) -> None:
    assert "desk is off." in done(olga, "turn-off")
    with pytest.raises(NotAllowed) as refused:
        opened_source("desk", key)
    assert refused.value.code == "source_off"
    assert "desk is on." in done(olga, "turn-on")
    assert opened_source("desk", key)
    assert AuditEntry.objects.filter(action="source_changed").count() == 2


def test_removing_a_source_frees_its_name(olga: Client, key: str, ledgers: OpenLedgers) -> None:
    page = done(olga, "remove")
    assert "desk was removed." in page
    assert olga.get(DESK).status_code == 404
    assert not EventSource.objects.exists()
    assert AuditEntry.objects.get(action="source_removed").detail["source"] == "desk"
    assert opened_source("desk", key_in(created(olga, platform="rasa"))).platform == "rasa"


def test_a_source_of_a_restored_ledger_has_no_address_until_one_is_created(olga: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        set_source(ledger, MADE, now_us=NOW_US)
    assert "No address" in olga.get(SOURCES).content.decode()
    assert "has no address on this server" in olga.get(DESK).content.decode()
    for what in ("turn-off", "pull"):
        assert olga.post(DESK, {"what": what}).status_code == 404
    assert opened_source("desk", key_in(done(olga, "rotate")))


def in_ledger(ledgers: OpenLedgers, action: Callable[[Ledger], object]) -> str:
    """The code of the refusal."""
    with ledgers.writing("acme") as ledger, pytest.raises(BotmeterError) as refused:
        action(ledger)
    return refused.value.code


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda ledger: create_source(ledger, MADE, author=Author()), "source_exists"),
        (lambda ledger: change_source(ledger, replace(MADE, name="dsk"), author=Author()), "source_unknown"),
        (
            lambda ledger: change_source(ledger, replace(MADE, options=(("colour", "red"),)), author=Author()),
            "source_option_unknown",
        ),
        (lambda ledger: remove_identity(ledger, "desk", sender="12", author=Author()), "identity_unknown"),
        (lambda ledger: turn_source(ledger.account.name, "dsk", is_on=True, author=Author()), "source_without_address"),
        (
            lambda ledger: change_secret(ledger.account.name, MADE, secret="s" * 8_193, author=Author()),
            "secret_invalid",
        ),
    ],
)
def test_an_invalid_change_is_refused_with_its_code(
    olga: Client, key: str, ledgers: OpenLedgers, action: Callable[[Ledger], object], code: str
) -> None:
    before = AuditEntry.objects.count()
    assert in_ledger(ledgers, action) == code
    assert desk(ledgers) == MADE
    assert AuditEntry.objects.count() == before


def test_the_page_warns_of_a_missing_default_bot(olga: Client, key: str) -> None:
    warning = "No default bot."
    assert warning in olga.get(DESK).content.decode()
    assert warning not in done(olga, "bot", bot_id="orders")
    assert warning not in created(olga, name="own", platform="botmeter")


PULL = {"url": "https://desk.example.org", "own_account": "3", "token": "t0ken", "every": "60"}


def test_pulls_can_be_set_up_and_stopped(olga: Client, key: str) -> None:
    assert "t0ken" not in done(olga, "pull", **PULL)
    done(olga, "pull", **{**PULL, "token": "", "every": ""})
    pull = pull_settings_of("acme", "desk")
    assert pull is not None
    assert (pull.token, pull.every_minutes, pull.own_account) == ("t0ken", None, "3")
    done(olga, "pull-stop")
    assert pull_settings_of("acme", "desk") is None
    assert "t0ken" not in str(AuditEntry.objects.values_list("detail", flat=True))


@pytest.mark.parametrize("fields", [{"url": "desk"}, {"own_account": "x"}, {"token": ""}, {"every": "1"}, {"url": ""}])
def test_invalid_pull_settings_show_an_error_at_their_field(olga: Client, key: str, fields: dict[str, str]) -> None:
    assert "has-error" in done(olga, "pull", **{**PULL, **fields})
    assert pull_settings_of("acme", "desk") is None


def test_quarantined_events_are_counted_and_lead_to_their_page(olga: Client, key: str, ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        append_events(
            ledger, event("q1", "2019-01-01T10:00", source="desk"), event("q2", "2019-01-01T10:00", source="else")
        )
    page = olga.get(DESK).content.decode()
    assert "before_available_from" in page
    assert "1 event<" in page
    assert 'href="/a/acme/admin/quarantine?code=before_available_from&amp;source=desk"' in page


@pytest.mark.parametrize("platform", platform_codes())
def test_a_test_delivery_is_accepted_and_changes_no_number(olga: Client, platform: str, ledgers: OpenLedgers) -> None:
    created(olga, platform=platform)
    with ledgers.reading("acme") as ledger:
        before = ledger.connection.execute("SELECT count(*) FROM event").fetchall()
    assert "The test was accepted, and no number changed." in done(olga, "test")
    with ledgers.writing("acme") as ledger:
        (delivered,) = deliveries(ledger, "desk")
        assert ledger.connection.execute("SELECT count(*) FROM event").fetchall() == before
    assert (delivered.delivery_id, delivered.accepted, delivered.rejected) == ("test", 0, 0)
    assert (delivered.ignored > 0) == (not connector_of(platform).is_native)


def test_a_refused_test_delivery_gives_the_reason(olga: Client, key: str, state: ServerState) -> None:
    state.ingestion.close()
    assert "The test was refused." in done(olga, "test")


def test_the_page_opens_even_if_its_secrets_cannot_be_unsealed(olga: Client, key: str) -> None:
    done(olga, "pull", **PULL)
    EventSource.objects.update(secret="broken", pull_token="broken")  # noqa: S106 - no secret
    assert olga.get(DESK).status_code == 200
    done(olga, "secret", secret=HUSH)
    assert opened_source("desk", key).secret == HUSH


def test_a_viewer_can_neither_open_the_page_nor_submit_its_forms(
    key: str, viewer: User, browser: Callable[..., Client]
) -> None:
    client = browser(viewer)
    for path in (SOURCES, DESK, "/a/acme/admin/bot-identities"):
        assert client.get(path).status_code == 403
    for path in (SOURCES, DESK):
        assert client.post(path, {"what": "remove", "name": "x", "platform": "rasa"}).status_code == 403
    assert EventSource.objects.count() == 1


def test_a_form_without_an_action_is_refused(olga: Client, key: str) -> None:
    assert olga.post(DESK, {"what": "explode"}).status_code == 400
    assert olga.post(f"{SOURCES}/other", {"what": "remove"}).status_code == 404


def test_a_form_without_its_csrf_token_is_refused(key: str, owner: User, browser: Callable[..., Client]) -> None:
    client = browser(owner, checks_csrf=True)
    assert client.post(SOURCES, {"name": "n", "platform": "rasa"}).status_code == 403
    assert client.post(DESK, {"what": "remove"}).status_code == 403
    assert EventSource.objects.count() == 1
