"""An erased customer in the people's database: audit log, saved views, share links, sessions, the file's free pages."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from botmeter.domain.instant import present
from botmeter.domain.text import short_id
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.people.audit import DETAIL_LENGTH_MAX, Action, record
from botmeter.people.erasure import forget_customer
from botmeter.people.id_replacement import IdReplacement
from botmeter.people.models import AttemptCount, AuditEntry, EventSource, SavedView, ShareLink, User
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.topics import Channel, Topic
from web.conftest import MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]

EVE, PHONE, GONE = "eve@customers.example", "+49 151 2345678", "erased-0"
IDS = ErasedIds(
    customers=frozenset({EVE, PHONE}),
    pseudonym=GONE,
    others={"thread-7": "erased-7", "5": "erased:5", "3f0c4c2e-0000-4000-8000-000000000001": "erased-long"},
)
MARKS = ("eve", "2345678", "thread-7", "3f0c4c2e")


def names_eve(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def view(owner: User, name: str, *, query: str) -> SavedView:
    return SavedView.objects.create(account="acme", owner=owner, name=name, query=query)


def test_saved_views_and_links_name_the_pseudonym_and_select_the_same(owner: User) -> None:
    query = "period=last-7-days&customer=eve%40customers.example&customer=c2&conversation.not=thread-7&bot=5"
    saved = view(owner, "Complaints of eve@customers.example", query=query)
    link = ShareLink.objects.create(
        account="acme",
        name=PHONE,
        query="customer=%2B49+151+2345678",
        digest="d",
        created_by=owner,
        expires_at=present(),
    )
    forget_customer("acme", IDS)
    saved.refresh_from_db()
    link.refresh_from_db()
    assert saved.query == f"period=last-7-days&customer={GONE}&customer=c2&conversation.not=erased-7&bot=5"
    assert saved.name.startswith(f"Complaints of {GONE}")
    assert (link.name, link.query) == (GONE, f"customer={GONE}")


def test_schedules_name_the_pseudonym() -> None:
    fields = {"data_folder": "f", "subject": "view", "cadence": "daily", "hour": 1, "timezone": "UTC"}
    Schedule.objects.create(account="acme", name=f"Of {EVE}", query="customer=eve%40customers.example", **fields)
    forget_customer("acme", IDS)
    assert Schedule.objects.values_list("name", "query").get() == (f"Of {GONE}", f"customer={GONE}")


def test_names_that_differ_by_the_ids_alone_stay_two_names(owner: User) -> None:
    view(owner, EVE, query="")
    view(owner, PHONE, query="")
    forget_customer("acme", IDS)
    names = list(SavedView.objects.values_list("name", flat=True))
    assert len(set(names)) == 2
    assert not names_eve(repr(names))


def test_audit_entries_keep_everything_but_the_ids(owner: User) -> None:
    record(Action.EXPORTED, user=owner, account="acme", file="s.csv", query="?customer=%65ve@customers.example&bot=5")
    record(
        Action.VIEW_SHARED,
        user=owner,
        account="acme",
        name="x",
        shows="30 days, bot 5, customer not c2 or +49 151 2345678",
    )
    record(
        Action.SHARE_REVOKED,
        user=owner,
        account="acme",
        shows=f"conversation {short_id('3f0c4c2e-0000-4000-8000-000000000001')}",
    )
    record(Action.MEMBER_CHANGED, user=owner, account="acme", email=EVE, before="5", after="viewer")
    record(Action.EXPORTED, user=owner, account="other", query="?customer=thread-7")
    forget_customer("acme", IDS)
    details = list(AuditEntry.objects.order_by("pk").values_list("detail", flat=True))
    assert details == [
        {"file": "s.csv", "query": f"?customer={GONE}&bot=5"},
        {"name": "x", "shows": f"30 days, bot 5, customer not c2 or {GONE}"},
        {"shows": "conversation erased-long"},
        # A user of Botmeter is no customer, and another account's customer is another one.
        {"email": EVE, "before": "5", "after": "viewer"},
        {"query": "?customer=thread-7"},
    ]


@pytest.mark.parametrize("kept", [1, 5, len("eve%40"), len("eve%4")])
def test_the_start_of_an_id_at_the_end_of_a_cut_text_is_removed(kept: int) -> None:
    encoded = "eve%40customers.example"
    start = "?bot=".ljust(DETAIL_LENGTH_MAX - len("&customer=") - kept, "b")
    detail = {"query": f"{start}&customer={encoded[:kept]}", "shows": f"customer {'x' * (488 - kept)} or {EVE[:kept]}"}
    detail["shows"] = detail["shows"].rjust(DETAIL_LENGTH_MAX, " ")
    replaced = IdReplacement(IDS).in_detail(detail)
    assert replaced["query"].endswith("customer=%E2%80%A6")
    assert replaced["shows"].endswith(" or …")


def test_notifications_name_the_pseudonym(owner: User) -> None:
    content = {"query": "customer=%65ve@customers.example", "top": [{"name": PHONE, "count": 5}], "bot": "Order bot"}
    message = Message(key="k", topic=Topic.ALERT, account="acme", cause=f"Spike by {EVE} in thread-7.", content=content)
    (row,) = put(message, [Recipient(channel=Channel.EMAIL, address="ada@example.org")])
    forget_customer("acme", IDS)
    row.refresh_from_db()
    assert row.cause == f"Spike by {GONE} in erased-7."
    assert row.content == {"query": f"customer={GONE}", "top": [{"name": GONE, "count": 5}], "bot": "Order bot"}
    assert row.recipient == "ada@example.org"


def test_messages_of_pulls_lose_the_ids(owner: User) -> None:
    fault = "GET https://desk.example/conversations/thread-7?page=2: 404 (eve@customers.example)."
    source = EventSource.objects.create(
        account="acme", name="s", platform="chatwoot", key_digest="d", pull_result={"fault": fault, "seen": 5}
    )
    forget_customer("acme", IDS)
    source.refresh_from_db()
    expected = f"GET https://desk.example/conversations/erased-7?page=2: 404 ({GONE})."
    assert source.pull_result == {"fault": expected, "seen": 5}


def test_sessions_lose_what_names_the_customer_and_stay_signed_in(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    session = client.session
    session["pending_login"] = {"next": "/a/acme/customers/eve%40customers.example"}
    session.save()
    ends_at = Session.objects.get().expire_date
    forget_customer("acme", IDS)
    assert "eve" not in str(Session.objects.get().get_decoded())
    assert Session.objects.get().expire_date == ends_at
    assert client.get("/me").status_code == 200
    assert "pending_login" not in client.session


def test_a_failed_sign_in_keeps_no_address(owner: User) -> None:
    Client().post(f"/sign-in?next=/a/acme/customers/{EVE}", {"username": owner.email, "password": "wrong"})
    rows = [*AttemptCount.objects.values(), *AuditEntry.objects.values()]
    assert len(rows) == 3
    assert not names_eve(str(rows))


def test_erasing_again_changes_nothing(owner: User) -> None:
    view(owner, EVE, query=f"customer={EVE}")
    record(Action.EXPORTED, user=owner, account="acme", query=f"?customer={EVE}")
    assert forget_customer("acme", IDS) == 2
    assert forget_customer("acme", IDS) == 0


def test_ids_travel_as_json() -> None:
    assert ErasedIds.from_json(IDS.to_json()) == IDS
