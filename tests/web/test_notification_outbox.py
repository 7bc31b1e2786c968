"""The outbox: once each, with retries, and states that survive a killed sender."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import metrics
from botmeter.live.notifications.sender import NotificationSender
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import Answer, Outcome, Rendered
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import LEASE, Message, Recipient, put
from botmeter.people.notifications.retry_times import MAIL_WAITS
from botmeter.people.notifications.topics import Channel, State, Topic
from botmeter.web.notifications.rendering import render

pytestmark = pytest.mark.django_db
SENT = {"channel": "email", "outcome": "handed_over"}
ADA = Recipient(channel=Channel.EMAIL, address="ada@example.org")
BEA = Recipient(channel=Channel.EMAIL, address="bea@example.org")


class Post:
    """A clock, and a transport that notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
        self.outcome = Outcome.HANDED_OVER
        self.ids: list[str] = []
        self.times: list[datetime] = []

    def take(self, notification: Notification, _rendered: Rendered) -> Answer:
        self.ids.append(notification.pk.hex)
        self.times.append(self.now)
        return Answer(outcome=self.outcome, text=f"answer {len(self.ids)}")


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def sender(post: Post, ledgers: OpenLedgers) -> NotificationSender:
    return sender_of("folder", post=post, ledgers=ledgers)


@pytest.fixture(autouse=True)
def one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "folder_id", lambda _path: "folder")


def sender_of(data_folder: str, *, post: Post, ledgers: OpenLedgers) -> NotificationSender:
    return NotificationSender(
        ledgers,
        render=render,
        transports={Channel.EMAIL: post.take},
        data_folder=data_folder,
        clock=lambda: post.now,
    )


def put_test(key: str, *recipients: Recipient, post: Post, superseded: bool = False) -> list[Notification]:
    # Not a test, which is tried once.
    content = {"name": "Finance", "to": "https://hooks.example/"}
    message = Message(
        key=key, topic=Topic.DESTINATION_OFF, account="acme", cause="A test.", content=content, due_at=post.now
    )
    return put(message, recipients or (ADA,), superseded=superseded)


def only_row() -> Notification:
    return Notification.objects.get()


def test_a_notification_is_put_and_sent_once_for_each_recipient(sender: NotificationSender, post: Post) -> None:
    assert [row.recipient for row in put_test("k", ADA, BEA, ADA, post=post)] == [ADA.address, BEA.address]
    assert put_test("k", BEA, post=post) == []
    counted = metrics.REGISTRY.get_sample_value("botmeter_notifications_total", SENT)
    assert (sender.send_due(), sender.send_due()) == (2, 0)
    assert metrics.REGISTRY.get_sample_value("botmeter_notifications_total", SENT) == (counted or 0) + 2
    assert len(set(post.ids)) == 2
    assert set(Notification.objects.values_list("state", "last_answer")) == {
        ("handed_over", "answer 1"),
        ("handed_over", "answer 2"),
    }


def test_a_superseded_notification_and_one_of_another_data_folder_are_not_sent(
    sender: NotificationSender, post: Post, ledgers: OpenLedgers
) -> None:
    put_test("old", post=post, superseded=True)
    put_test("new", post=post)
    assert sender_of("other", post=post, ledgers=ledgers).send_due() == 0
    assert sender.send_due() == 1


def test_accounts_of_one_name_in_two_data_folders_put_the_same_key_once_each(
    sender: NotificationSender, post: Post, ledgers: OpenLedgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put_test("k", post=post)
    monkeypatch.setattr(outbox, "folder_id", lambda _path: "other")
    assert put_test("k", post=post)
    assert put_test("k", post=post) == []
    assert (sender.send_due(), sender_of("other", post=post, ledgers=ledgers).send_due()) == (1, 1)
    assert len(set(post.ids)) == 2


def test_an_answer_to_try_later_is_followed_for_two_days_and_then_failed(
    sender: NotificationSender, post: Post
) -> None:
    put_test("k", post=post)
    post.outcome = Outcome.LATER
    while (row := Notification.objects.filter(state=State.DUE).first()) is not None:
        post.now = max(post.now, row.due_at)
        assert sender.send_due() == 1
        post.now += timedelta(seconds=1)
        assert sender.send_due() == 0
    waits = [after - before for before, after in zip(post.times, post.times[1:], strict=False)]
    assert len(set(post.ids)) == 1
    assert all(planned <= wait <= planned * 1.2 for planned, wait in zip(MAIL_WAITS, waits, strict=True))
    assert timedelta(days=2) < post.times[-1] - post.times[0] < timedelta(days=3)
    assert (only_row().state, only_row().last_answer) == (State.FAILED, "answer 10")


def test_a_later_time_that_the_other_side_asks_for_is_kept(sender: NotificationSender, post: Post) -> None:
    (row,) = put_test("k", post=post)
    asked = post.now + timedelta(hours=5)
    outbox.claim(row, now=post.now)
    outbox.note_answer(row, Answer(outcome=Outcome.LATER, retry_at=asked), now=post.now)
    assert only_row().due_at == asked


@pytest.mark.parametrize("leave", [lambda _row: None, outbox.note_rendered], ids=["claimed", "rendered"])
def test_what_a_killed_sender_left_is_sent_after_its_lease_under_the_same_id(
    sender: NotificationSender, post: Post, leave: Callable[[Notification], None]
) -> None:
    (row,) = put_test("k", post=post)
    assert outbox.claim(row, now=post.now)
    leave(row)
    assert sender.send_due() == 0
    post.now += LEASE
    assert sender.send_due() == 1
    assert post.ids == [row.pk.hex]
    assert (only_row().state, only_row().attempts) == (State.HANDED_OVER, 2)


def test_a_sender_that_was_slower_than_its_lease_changes_nothing(sender: NotificationSender, post: Post) -> None:
    (slow,) = put_test("k", post=post)
    outbox.claim(slow, now=post.now)
    post.now += LEASE
    sender.send_due()
    assert not outbox.note_rendered(slow)
    assert not outbox.note_answer(slow, Answer(outcome=Outcome.FAILED), now=post.now)
    assert only_row().state == State.HANDED_OVER


def test_a_notification_that_ends_the_server_at_each_attempt_fails(sender: NotificationSender, post: Post) -> None:
    put_test("k", post=post)
    while outbox.claim(only_row(), now=post.now) and only_row().attempts <= len(MAIL_WAITS):
        post.now += LEASE
    post.now += LEASE
    sender.send_due()
    assert (post.ids, only_row().state) == ([], State.FAILED)
    assert "ended" in only_row().last_answer


def test_a_bug_in_a_rendering_is_tried_later_and_holds_up_nothing(
    post: Post, ledgers: OpenLedgers, caplog: pytest.LogCaptureFixture
) -> None:
    sender = sender_of("folder", post=post, ledgers=ledgers)
    (broken,) = put_test("broken", post=post)
    Notification.objects.filter(pk=broken.pk).update(topic="unknown")
    put_test("good", BEA, post=post)
    assert sender.send_due() == 2
    assert len(post.ids) == 1
    broken.refresh_from_db()
    assert (broken.state, "Its reference is" in broken.last_answer) == (State.DUE, True)
    assert "trace" in caplog.text


def test_finished_notifications_are_deleted_after_their_time(post: Post) -> None:
    for key, account, state, days in (
        ("sent", "acme", State.HANDED_OVER, 366),
        ("waiting", "acme", State.DUE, 366),
        ("recent", "acme", State.FAILED, 364),
        ("link", "", State.HANDED_OVER, 8),
        ("recent link", "", State.HANDED_OVER, 6),
    ):
        (row,) = put_test(key, post=post)
        created_at = post.now - timedelta(days=days)
        Notification.objects.filter(pk=row.pk).update(account=account, state=state, created_at=created_at, cause=key)
    assert outbox.forget_old(now=post.now) == 2
    assert set(Notification.objects.values_list("cause", flat=True)) == {"waiting", "recent", "recent link"}


def test_what_waits_is_counted_with_its_age(sender: NotificationSender, post: Post) -> None:
    put_test("sent", post=post)
    sender.send_due()
    post.outcome = Outcome.LATER
    (row,) = put_test("deferred", post=post)
    sender.send_due()
    post.now = row.created_at + timedelta(seconds=90)
    put(Message(key="planned", topic=Topic.TEST, account="acme", cause="", due_at=post.now + timedelta(1)), (ADA,))
    assert outbox.waiting_notifications("folder", now=post.now) == outbox.Waiting(count=1, oldest_seconds=90.0)


def test_a_claim_that_fails_with_the_database_is_made_again(
    sender: NotificationSender, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_notification: Notification, *, now: datetime) -> bool:
        raise OperationalError(f"gone at {now}")

    put_test("k", post=post)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "claim", fails)
        with pytest.raises(OperationalError):
            sender.send_due()
    assert sender.send_due() == 1
