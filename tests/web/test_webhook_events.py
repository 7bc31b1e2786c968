"""Events and chat messages as they are rendered: of their declared types, escaped, and with one link."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.schedule_watch import ScheduleWatch
from botmeter.people.models import SavedView, User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import ChatText, Mail, RenderContext, Rendered, WebhookCall
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.notifications.webhook_events import EVENT_TYPES, EXAMPLES, event_data
from botmeter.web.notifications.chat_text import chat_of, escaped
from botmeter.web.notifications.mail_frame import MailFigure, MailLink, MailPage
from botmeter.web.notifications.rendering import render

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
TYPES = {Topic.CAP_REACHED: "cap.reached", Topic.ALLOWANCE_EXHAUSTED: "allowance.exhausted", Topic.TEST: "test"}
PAGE = MailPage(
    subject="s",
    title="Brake for <b1>",
    sentences=("@channel *All* is & was <https://evil.example|used>.",),
    figures=(MailFigure(label="Used", value="5", detail="of 5"),),
    link=MailLink(label="Open <it>", href="https://meter.example/a/acme?x=1"),
)


def rendered(topic: Topic, channel: Channel, *, ledgers: OpenLedgers) -> Rendered:
    content = event_data(EXAMPLES[TYPES[topic]]) if topic is not Topic.TEST else {}
    row = Notification(account="acme", topic=topic, channel=channel, cause="It was reached.", content=content)
    return render(row, RenderContext(ledgers=ledgers, now=NOW))


def checked(call: Rendered) -> msgspec.Struct:
    """Data of a webhook call, of its declared type."""
    assert isinstance(call, WebhookCall)
    data: msgspec.Struct = msgspec.convert(dict(call.data), EVENT_TYPES[call.type])
    return data


@pytest.mark.parametrize("topic", TYPES)
def test_an_event_has_its_declared_type_and_a_chat_form(topic: Topic, ledgers: OpenLedgers) -> None:
    call = rendered(topic, Channel.WEBHOOK, ledgers=ledgers)
    assert isinstance(call, WebhookCall)
    assert call.type == TYPES[topic]
    assert checked(call)
    assert isinstance(rendered(topic, Channel.CHAT, ledgers=ledgers), ChatText)
    assert isinstance(rendered(topic, Channel.EMAIL, ledgers=ledgers), Mail)


def test_a_reached_brake_says_how_much_and_until_when(ledgers: OpenLedgers) -> None:
    mail = rendered(Topic.CAP_REACHED, Channel.EMAIL, ledgers=ledgers)
    chat = rendered(Topic.CAP_REACHED, Channel.CHAT, ledgers=ledgers)
    assert isinstance(mail, Mail)
    assert isinstance(chat, ChatText)
    for text in (mail.text, chat.text):
        assert "Brake reached for bot orders" in text
        assert "until 30 Nov 2026" in text
        assert "$500.10" in text
        assert "/a/acme/admin/billing/budgets" in text


def test_names_in_chat_neither_link_nor_mention_anyone() -> None:
    message = chat_of(PAGE)
    assert "Brake for &lt;b1&gt;" in message.text
    assert "&lt;https://evil.example|used&gt;" in message.text
    assert "@channel" not in message.text
    assert message.text.endswith("<https://meter.example/a/acme?x=1|Open &lt;it&gt;>")
    assert escaped("ann@all.example and a@b") == "ann@\u200ball.example and a@b"


def test_blocks_keep_the_limits_of_slack() -> None:
    title, section, actions = chat_of(replace(PAGE, title="x" * 400, sentences=("y" * 9_000,))).blocks
    assert (len(title["text"]["text"]), len(section["text"]["text"])) == (150, 3_000)
    assert actions["elements"][0]["url"] == "https://meter.example/a/acme?x=1"
    assert len(chat_of(replace(PAGE, sentences=(), figures=(), link=None)).blocks) == 1


@pytest.mark.slow
def test_a_scheduled_report_has_its_declared_type_and_a_chat_form(
    owner: User, ledgers: OpenLedgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "folder_id", lambda _path: ledgers.folder.id)
    rows = [Destination.objects.create(account="acme", name=kind, kind=kind) for kind in ("webhook", "chat")]
    Schedule.objects.create(
        account="acme",
        data_folder=ledgers.folder.id,
        name="Daily <b>",
        subject="view",
        view=SavedView.objects.create(account="acme", owner=owner, name="All", query=""),
        cadence="daily",
        hour=9,
        timezone="UTC",
        recipients=[{"destination": each.pk} for each in rows],
        begins_at=NOW - timedelta(days=1),
        form_token="t1",  # noqa: S106 - of a form
        created_by=owner,
    )
    ScheduleWatch(ledgers, clock=lambda: NOW).check_all()
    context = RenderContext(ledgers=ledgers, now=NOW)
    chat, call = (render(each, context) for each in Notification.objects.order_by("channel"))
    event = msgspec.to_builtins(checked(call))
    assert (event["schedule"], event["from"], event["sessions_consumed"]) == ("Daily <b>", "2026-04-01", 1)
    assert isinstance(chat, ChatText)
    assert "Daily &lt;b&gt;" in chat.text
