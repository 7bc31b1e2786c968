"""No click takes something away for good: each such action asks first, or can be undone right after it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.customers import customer_aliases
from botmeter.ledger.imports import imports
from botmeter.ledger.quarantine import discarded_count, quarantine_counts
from botmeter.ledger.sources import sources_of
from botmeter.live.server_state import ServerState
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.members import MemberRole, invite
from botmeter.people.models import ApiKey, DayNote, EventSource, Link, Membership, SavedView, ShareLink, User
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule
from botmeter.people.notifications.destination_changes import add_destination
from botmeter.people.notifications.destinations import DestinationDraft
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel
from botmeter.people.removed_rows import put_back, row_copy
from botmeter.people.rights import Role
from botmeter.people.shares import ShareDraft, new_share
from botmeter.people.source_actions import Author, add_identity, change_pull, change_secret, create_source
from botmeter.people.source_pulls import PullSettings
from botmeter.web.access import Visit
from botmeter.web.undo import UndoKind, offer_undo, take_undo
from support.forms import form_values
from support.page_forms import changing_forms, confirm_hrefs
from web.conftest import MakeBrowser, MakePerson
from web.test_routes import MEMBER_ROUTES, PERSON_ROUTES

pytestmark = pytest.mark.django_db

KEEPS: Final = "adds or changes something, and takes nothing away that others rely on"
FORM: Final = "its own form asks for a password, a code, a reason or the account's ID"
ASKS: Final = "a confirmation comes first"
UNDO: Final = "can be undone from the notice after it"

# By route and action: the value of the button, or of the link to the confirmation. A new action must be added here.
ACTIONS: Final[dict[str, dict[str, str]]] = {
    "account-deletion": {"": FORM},
    "accounts": {"": KEEPS},
    "alert": {"": KEEPS},
    "alerts": {"on": KEEPS, "off": KEEPS, "ready-made": KEEPS, "remove": ASKS},
    "billing-budgets": {"add": KEEPS, "end": ASKS},
    "billing-plan": {"set": FORM, "withdraw": FORM},
    "billing-purchases": {"buy": ASKS, "opening": KEEPS, "remove": ASKS, "reverse": FORM},
    "bill": {"": KEEPS, "stop": KEEPS},
    "bill-upload": {"": KEEPS},
    "bills": {"remove": ASKS},
    "bots": {"": KEEPS},
    "change-second-factor": {"codes": FORM, "remove": FORM},
    "cost-centres": {"": KEEPS},
    "cycle-statement": {"close": ASKS},
    "day-note": {"": UNDO},
    "day-notes": {"": KEEPS},
    "destination": {
        "now": ASKS,
        "remove": ASKS,
        "rotate": KEEPS,
        "save": KEEPS,
        "test": KEEPS,
        "turn-off": ASKS,
        "turn-on": KEEPS,
    },
    "destinations": {"": KEEPS},
    "import": {"": ASKS},
    "import-run": {"": KEEPS},
    "imports": {"remove": ASKS},
    "invitation-withdrawn": {"": UNDO},
    "key-replace": {"": KEEPS, "now": ASKS},
    "key-revoke": {"": ASKS},
    "keys": {"": KEEPS},
    "me": {"": KEEPS},
    "member": {"change": KEEPS, "password": KEEPS, "remove": UNDO, "leave": ASKS},
    "merge-customers": {"preview": KEEPS, "merge": FORM, "undo": ASKS},
    "notification-again": {"": KEEPS},
    "new-alert": {"": KEEPS},
    "own-password": {"": FORM},
    "own-second-factor": {"": FORM},
    "own-sessions": {"": FORM},
    "quarantine": {"retry": KEEPS, "discard": UNDO, "restore": KEEPS},
    "sample-data": {"load": KEEPS, "remove": ASKS},
    "schedule": {"pause": KEEPS, "remove": UNDO, "resume": KEEPS, "sample": KEEPS, "save": KEEPS},
    "schedule-new": {"save": KEEPS},
    "session-correction": {"correct": FORM, "undo": FORM},
    "settings": {"": KEEPS},
    "settings-policy": {"": FORM},
    "share": {"": UNDO},
    "shares": {"": KEEPS},
    "sign-out-everywhere": {"": ASKS},
    "source": {
        "bot": KEEPS,
        "identity-add": KEEPS,
        "identity-remove": ASKS,
        "pull": KEEPS,
        "pull-now": KEEPS,
        "pull-stop": ASKS,
        "remove": ASKS,
        "rotate": ASKS,
        "secret": KEEPS,
        "secret-remove": ASKS,
        "settings": KEEPS,
        "test": KEEPS,
        "turn-off": ASKS,
        "turn-on": KEEPS,
    },
    "sources": {"": KEEPS},
    "test-email": {"": KEEPS},
    "undo": {"": KEEPS},
    "statements": {"grace": KEEPS},
    "upload": {"": KEEPS},
    "uploaded-file": {
        "dry-run": KEEPS,
        "import": KEEPS,
        "preview": KEEPS,
        "propose": KEEPS,
        "start": KEEPS,
        "text": KEEPS,
    },
    "users": {"": KEEPS},
    "view": {"delete": UNDO, "rename": KEEPS},
    "views": {"": KEEPS, "update": UNDO},
}
CSV = (
    b"event_id,occurred_at,conversation_id,customer_id,actor,bot_id\n"
    b"x1,2026-03-20T10:00:00Z,v9,c9,customer,b1\nx2,never,v9,c9,customer,b1\n"
)
BILL = b"started_at\n2026-03-30T22:00:00Z\n"
ADMIN = "/a/acme/admin"
ALERT = AlertDraft(name="Used", alert=Alert(kind=AlertKind.USAGE, levels=(Decimal(80),)), recipients=({"user": 1},))
HOOK = DestinationDraft(name="Finance", kind=Channel.WEBHOOK, url="https://hooks.example/x")
_MODELS: Final[tuple[type[Model], ...]] = (
    *(ApiKey, DayNote, EventSource, Link, Membership, SavedView, ShareLink),
    *(AlertRule, Destination),
)


@dataclass
class World:
    """An account with one of each thing that can be taken away."""

    state: ServerState
    client: Client
    file: str
    paths: dict[str, str]

    def values(self) -> dict[str, object]:
        """All that a click could take away."""
        rows: dict[str, object] = {
            model.__name__: list(model._default_manager.order_by("pk").values()) for model in _MODELS
        }
        with self.state.ledgers.reading("acme") as ledger:
            rows["sources"] = list(sources_of(ledger))
            rows["aliases"] = list(customer_aliases(ledger))
            rows["quarantine"] = (quarantine_counts(ledger), discarded_count(ledger))
            rows["imports"] = list(imports(ledger, limit=9))
        rows["signed out"] = list(User.objects.order_by("pk").values_list("pk", "sign_out_count"))
        uploads = self.state.uploads
        rows["files"] = [*uploads.of_account("acme"), *uploads.of_account("acme", purpose="bill")]
        return rows


def new_alert(owner: User) -> str:
    """Number of an alert."""
    rule, _ = add_rule("acme", ALERT, form_token="a" * 32, by=owner)
    return f"{rule.pk}"


def new_destination(author: Author) -> str:
    """Path of a destination."""
    return f"{ADMIN}/notifications/destinations/{add_destination('acme', HOOK, author=author).destination.pk}"


@pytest.fixture
def world(state: ServerState, owner: User, viewer: User, person: MakePerson, browser: MakeBrowser) -> Iterator[World]:
    state.imports.begin = lambda run: run()
    person("second@example.org", role=Role.OWNER)
    client, author, files = browser(owner), Author(user=owner), []
    for name in ("done.csv", "waiting.csv"):
        with state.uploads.receiving("acme", announced_bytes=len(CSV)) as draft:
            draft.write(CSV)
            files.append(state.uploads.keep("acme", draft, file_name=name, by=owner.email).number)
    with state.uploads.receiving("acme", announced_bytes=len(BILL), purpose="bill") as draft:
        draft.write(BILL)
        bill = state.uploads.keep("acme", draft, file_name="bill.csv", by=owner.email, purpose="bill")
    href = reverse("uploaded-file", args=("acme", files[0]))
    client.post(href, {**form_values(client.get(href).content.decode(), "import-form"), "what": "import"})
    client.post("/a/acme/customers/same", {"step": "merge", "pairs": "customer_id,alias\nc1,c2\n"})
    source = Source(name="desk", platform="chatwoot")
    with state.ledgers.writing("acme") as ledger:
        create_source(ledger, source, author=author)
        add_identity(ledger, "desk", identity=BotIdentity(sender="12", bot_id="b1"), author=author)
    change_secret("acme", source, secret="hush-hush", author=author)  # noqa: S106 - of no server
    change_pull(
        PullSettings(
            account="acme",
            source="desk",
            platform="chatwoot",
            url="https://d.example",
            own_account="3",
            token="t0ken",  # noqa: S106 - of no server
            every_minutes=60,
        ),
        author=author,
    )
    key = new_key("acme", KeyDraft(name="nightly", scopes=(Scope.REPORTS_READ,)), created_by=owner).key
    share = new_share("acme", ShareDraft(name="March", query="", lasting_days=7), created_by=owner).link
    view = SavedView.objects.create(account="acme", owner=owner, name="Web", query="channel=web")
    note = DayNote.objects.create(account="acme", on=date(2026, 3, 31), text="Outage", created_by=owner)
    invite("acme", "new@example.org", role=MemberRole(role=Role.VIEWER, may_export=False), by=owner)
    of_member = {each.user_id: f"{ADMIN}/users/{each.pk}" for each in Membership.objects.filter(account="acme")}
    yield World(
        state=state,
        client=client,
        file=files[1],
        paths={
            "bill": bill.number,
            "alert": new_alert(owner),
            "destination": new_destination(author),
            "day-note": f"/a/acme/notes/{note.pk}",
            "import": f"{ADMIN}/imports/1",
            "invitation-withdrawn": f"{ADMIN}/invitations/{Link.objects.get(email='new@example.org').pk}",
            "key": f"{key.pk}",
            "key-replace": f"{ADMIN}/keys/replace",
            "key-revoke": f"{ADMIN}/keys/{key.pk}/revoke",
            "member": of_member[viewer.pk],
            "me": of_member[owner.pk],
            "share": f"/a/acme/shares/{share.pk}",
            "source": f"{ADMIN}/sources/desk",
            "view": f"/a/acme/views/{view.pk}",
        },
    )
    for file in (*state.uploads.of_account("acme"), *state.uploads.of_account("acme", purpose="bill")):
        state.uploads.remove(file)


def test_every_route_with_a_form_declares_its_actions() -> None:
    routes = {name for name, view, _ in MEMBER_ROUTES if view.posts} | {name for name, _, _ in PERSON_ROUTES} - {"home"}
    assert routes == set(ACTIONS), "Declare the actions of a new route: ASKS or UNDO if it takes something away."


@pytest.mark.slow
def test_every_action_of_every_page_is_declared(world: World) -> None:
    paths = [reverse(name, args=("acme",)) for name, _, words in MEMBER_ROUTES if not words]
    paths += ["/me", "/me/second-step", "/accounts", "/a/acme/shares?period=all", "/a/acme/views?period=all"]
    paths += [world.paths["source"], world.paths["import"], reverse("uploaded-file", args=("acme", world.file))]
    paths += [world.paths["destination"]]
    paths += [reverse("bill", args=("acme", world.paths["bill"]))]
    asked = set()
    for path in paths:
        answer = world.client.get(path)
        if answer.streaming or "<html" not in (page := answer.content.decode()):
            continue
        plain = urlsplit(path).path
        for form in changing_forms(page, path=plain):
            route = resolve(urlsplit(form.action).path).url_name
            if route == "sign-out":
                continue
            for sent in form.submissions():
                action = sent.get("what") or sent.get("step") or ""
                kind = ACTIONS[str(route)].get(action)
                assert kind in {KEEPS, FORM, UNDO} or route == "import", f"{path}: {route} {action!r} is {kind}."
        for href in confirm_hrefs(page, path=plain):
            route, query = resolve(urlsplit(href).path).url_name, parse_qs(urlsplit(href).query)
            [action] = query.get("what") or query.get("step") or (["remove"] if "remove" in query else [""])
            action = "leave" if (route, action) == ("member", "remove") else action
            assert ACTIONS[str(route)][action] == ASKS
            asked.add((route, action))
    declared = {(route, action) for route, kinds in ACTIONS.items() for action, kind in kinds.items() if kind == ASKS}
    # Sent by forms with fields, and sample data is in an account of its own; this one has no plan.
    of_a_plan = {("billing-budgets", "end"), ("cycle-statement", "close")}
    of_a_plan |= {("billing-purchases", "buy"), ("billing-purchases", "remove")}
    assert declared - asked == {
        ("import", ""),
        ("key-replace", "now"),
        ("destination", "now"),
        ("sample-data", "remove"),
        *of_a_plan,
    }


@pytest.mark.slow
def test_each_action_that_asks_changes_nothing_until_it_is_confirmed(world: World) -> None:
    paths, desk = world.paths, world.paths["source"]
    actions: list[tuple[str, dict[str, str]]] = [
        (paths["key-replace"], {"key": paths["key"], "lives_on": "now"}),
        (paths["key-revoke"], {}),
        (desk, {"what": "turn-off"}),
        (desk, {"what": "identity-remove", "sender": "12"}),
        (desk, {"what": "secret-remove"}),
        (desk, {"what": "pull-stop"}),
        (desk, {"what": "rotate"}),
        (desk, {"what": "remove"}),
        (paths["destination"], {"what": "rotate", "lives_on": "now"}),
        (paths["destination"], {"what": "turn-off"}),
        (paths["destination"], {"what": "remove"}),
        (f"{ADMIN}/alerts", {"what": "remove", "alert": paths["alert"]}),
        (f"{ADMIN}/imports", {"remove": world.file}),
        (f"{ADMIN}/billing/reconcile", {"remove": paths["bill"]}),
        (paths["import"], {"reason": "Sent twice"}),
        ("/a/acme/customers/same", {"step": "undo", "merge": "1"}),
        ("/me/sign-out-everywhere", {}),
        # Last, as the user then lacks the rights.
        (paths["me"], {"what": "change", "role": "viewer"}),
    ]
    for path, sent in actions:
        before = world.values()
        answer = world.client.post(path, sent)
        assert answer.status_code == 200, (path, sent)
        [form] = [each for each in changing_forms(answer.content.decode(), path=path) if "confirmed" in each.fields]
        assert world.values() == before, (path, sent)
        confirmed = {name: value for name, value in form.fields.items() if name != "csrfmiddlewaretoken"}
        assert (form.action, confirmed) == (path, {**sent, "confirmed": "yes"})
        assert world.client.post(path, confirmed).status_code == 302
        assert world.values() != before, (path, sent)


@pytest.mark.slow
def test_each_action_with_undo_is_taken_back_completely(world: World) -> None:
    actions = [
        (world.paths["member"], {"what": "remove"}),
        (world.paths["invitation-withdrawn"], {}),
        (world.paths["view"], {"what": "delete"}),
        (world.paths["share"], {}),
        (world.paths["day-note"], {}),
        (f"{ADMIN}/quarantine", {"what": "discard", "which": "all", "reason": "Never mind"}),
        ("/a/acme/views", {"what": "update", "view": world.paths["view"].rpartition("/")[2], "query": "period=all"}),
    ]
    for path, sent in actions:
        before = world.values()
        page = world.client.post(path, sent, follow=True)
        assert world.values() != before, path
        [undo] = [each for each in changing_forms(page.content.decode(), path=path) if each.behaviour == "undo"]
        undone = world.client.post(undo.action, undo.fields, follow=True).content.decode()
        assert world.values() == before, path
        assert "again" in undone or "restored" in undone
        assert (
            "It is too late to undo this" in world.client.post(undo.action, undo.fields, follow=True).content.decode()
        )


def test_only_the_user_who_acted_can_undo_once_and_nothing_is_overwritten(
    owner: User, viewer: User, rf: RequestFactory
) -> None:
    visits = [
        Visit(request=rf.post("/"), user=member.user, account="acme", membership=member)
        for member in Membership.objects.order_by("user__email")
    ]
    view = SavedView.objects.create(account="acme", owner=owner, name="Web", query="channel=web")
    number = offer_undo(visits[0], UndoKind.VIEW_DELETED, before=row_copy(view), back_href="/").number
    for visit in (visits[1], replace(visits[0], account="other")):
        with pytest.raises(Missing) as over:
            take_undo(visit, number)
        assert over.value.code == "undo_over"
    before = take_undo(visits[0], number).before
    assert isinstance(before, Model)
    with pytest.raises(Conflict) as conflict:
        put_back(before)
    assert conflict.value.code == "undo_conflict"
    with pytest.raises(Missing):
        take_undo(visits[0], number)


def test_sample_data_is_removed_once_confirmed(state: ServerState, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    for answer in (
        client.post(f"{ADMIN}/imports/sample", {"what": "remove"}),
        client.get(f"{ADMIN}/imports/sample?what=remove"),
    ):
        assert "Remove the sample data?" in answer.content.decode()
