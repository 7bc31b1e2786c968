"""Hand-over to a real mail server on loopback that accepts, refuses, defers, hangs and fails."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from pytest_django import Settings

from botmeter.ledger.folder_files import folder_id
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.mail_transport import message_id, send_mail
from botmeter.live.notifications.sender import NotificationSender
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import Answer, Mail, Outcome
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import LEASE, Message, Recipient, put
from botmeter.people.notifications.topics import Channel, State, Topic
from support.smtp_server import SmtpServer, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.3
    with smtp_server() as box:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


def answer_to(address: str = "ada@example.org") -> Answer:
    return send_mail(Notification(recipient=address), Mail(subject="Used 80 %", text="Ä 80 %\n", html="<p>Ä</p>"))


def test_an_accepted_email_has_its_fixed_id_and_both_forms(server: SmtpServer) -> None:
    notification = Notification(recipient="ada@example.org")
    answer = send_mail(notification, Mail(subject="Used 80 %\nEvil: x", text="Ä 80 %\n", html="<p>Ä</p>"))
    (mail,) = server.mails
    assert answer.outcome is Outcome.HANDED_OVER
    assert (mail["Subject"], mail["To"], mail["Evil"]) == ("Used 80 % Evil: x", "ada@example.org", None)
    assert mail["Message-ID"] == message_id(notification)
    assert notification.pk.hex in mail["Message-ID"]
    assert [part.get_content().strip() for part in mail.iter_parts()] == ["Ä 80 %", "<p>Ä</p>"]


@pytest.mark.parametrize(
    ("step", "text", "outcome"),
    [
        ("recipient_answer", "550 5.1.1 No such user", Outcome.FAILED),
        ("recipient_answer", "450 4.2.0 Greylisted", Outcome.LATER),
        ("data_answer", "554 5.7.1 Spam", Outcome.FAILED),
        ("data_answer", "451 4.3.0 Try later", Outcome.LATER),
        ("sender_answer", "552 5.3.4 Too large", Outcome.FAILED),
        # What the operator can correct is not the recipient's.
        ("sender_answer", "553 5.7.1 Sender not allowed", Outcome.LATER),
    ],
)
def test_the_answer_of_the_mail_server_decides_and_is_kept(
    server: SmtpServer, step: str, text: str, outcome: Outcome
) -> None:
    setattr(server, step, text)
    answer = answer_to()
    assert (answer.outcome, answer.text) == (outcome, text)
    assert server.mails == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_says_nothing_is_tried_later(server: SmtpServer, step: str) -> None:
    server.hangs_at = step
    answer = answer_to()
    assert answer.outcome is Outcome.LATER
    assert "timed out" in answer.text


def test_a_server_that_is_gone_or_wants_a_password_is_tried_later(server: SmtpServer, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "botmeter", "wrong"
    assert answer_to().outcome is Outcome.LATER
    settings.EMAIL_PORT = 1
    assert "refused" in answer_to().text
    settings.EMAIL_HOST = ""
    assert "BOTMETER_MAIL" in answer_to().text


def test_a_host_name_is_sent_in_ascii_and_an_impossible_one_fails(server: SmtpServer) -> None:
    assert answer_to(f"ada@{'ü' * 70}.example").outcome is Outcome.FAILED
    assert answer_to("ada@bücher.example").outcome is Outcome.HANDED_OVER


class Year:
    """A sender on a clock, with a mail server that fails when the test says so."""

    def __init__(self, ledgers: OpenLedgers, server: SmtpServer) -> None:
        self.now = NOON
        self.server = server
        self._ledgers = ledgers
        self.sender = self.new_sender()

    def new_sender(self) -> NotificationSender:
        return NotificationSender(
            self._ledgers,
            render=lambda notification, _context: Mail(subject=notification.cause, text=notification.key),
            transports={Channel.EMAIL: send_mail},
            data_folder=folder_id(settings.DATA),
            clock=lambda: self.now,
        )

    def put(self, key: str) -> Notification:
        message = Message(key=key, topic=Topic.ALERT, account="acme", cause="A level was reached.", due_at=self.now)
        return put(message, [Recipient(channel=Channel.EMAIL, address="ada@example.org")])[0]

    def pass_time(self, duration: timedelta) -> None:
        """Send what is due, at each time at which something is."""
        end = self.now + duration
        while True:
            self.sender.send_due()
            row = Notification.objects.filter(state=State.DUE, due_at__lte=end).order_by("due_at").first()
            if row is None:
                break
            self.now = max(self.now, row.due_at)
        self.now = end


@pytest.fixture
def year(ledgers: OpenLedgers, server: SmtpServer) -> Year:
    return Year(ledgers, server)


def test_a_mail_server_that_fails_for_a_day_gets_each_email_once_afterwards(year: Year) -> None:
    year.server.recipient_answer = "421 4.3.2 Down for maintenance"
    ids = []
    for hour in range(24):
        ids.append(message_id(year.put(f"hour {hour}")))
        year.pass_time(timedelta(hours=1))
    assert year.server.mails == []
    assert set(Notification.objects.values_list("state", flat=True)) == {State.DUE}
    year.server.recipient_answer = ""
    year.pass_time(timedelta(days=1))
    assert sorted(mail["Message-ID"] for mail in year.server.mails) == sorted(ids)
    assert set(Notification.objects.values_list("state", flat=True)) == {State.HANDED_OVER}


def test_an_email_whose_acceptance_was_lost_is_repeated_with_the_same_id(year: Year) -> None:
    row = year.put("k")
    year.server.closes_after_data = True
    year.sender.send_due()
    year.server.closes_after_data = False
    year.pass_time(timedelta(minutes=10))
    assert [mail["Message-ID"] for mail in year.server.mails] == [message_id(row)] * 2


def test_only_an_end_between_hand_over_and_record_repeats_an_email(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    class EndError(BaseException):
        """The process ends here."""

    def ends(*_arguments: object, **_options: object) -> None:
        raise EndError

    def end_and_begin(patched: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(outbox, patched, ends)
            with pytest.raises(EndError):
                year.sender.send_due()
        year.sender = year.new_sender()
        year.now += LEASE

    expected = []
    for patched in ("claim", "note_rendered"):
        expected.append(message_id(year.put(patched)))
        end_and_begin(patched)
        year.sender.send_due()
    expected += [message_id(year.put("answer"))] * 2
    end_and_begin("note_answer")
    year.sender.send_due()
    assert [mail["Message-ID"] for mail in year.server.mails] == expected
    assert set(Notification.objects.values_list("state", flat=True)) == {State.HANDED_OVER}
