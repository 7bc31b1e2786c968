"""Messages about closed statements."""

from datetime import date
from decimal import Decimal

import msgspec
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.money_text import money_text
from botmeter.domain.period import Period
from botmeter.people.notifications.delivery import FolderFiles, RenderContext, Rendered, WebhookCall
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.notifications.webhook_events import StatementClosed, event_data
from botmeter.people.public_address import address_in_message
from botmeter.web.notifications.chat_text import chat_of
from botmeter.web.notifications.mail_frame import MailFigure, MailLink, MailPage, framed


def rendered_statement_closed(notification: Notification, _context: RenderContext) -> Rendered:
    """Render a closed statement."""
    event = msgspec.convert(notification.content, StatementClosed)
    url = address_in_message(reverse("statement", args=(notification.account, event.number)))
    match Channel(notification.channel):
        case Channel.EMAIL:
            return framed(_page(notification, event, url=url))
        case Channel.WEBHOOK:
            data = event_data(msgspec.structs.replace(event, url=url))
            return WebhookCall(type="statement.closed", timestamp=notification.created_at, data=data)
        case Channel.CHAT:
            return chat_of(_page(notification, event, url=url))
        case Channel.FOLDER:
            # Destinations of this kind don't get the topic.
            return FolderFiles(files=())


def _page(notification: Notification, event: StatementClosed, *, url: str) -> MailPage:
    first_on, last_on = (date.fromisoformat(day) for day in (event.cycle.first_day, event.cycle.last_day))
    days, total = (
        text.days_text(Period(first_on=first_on, last_on=last_on)),
        money_text(Decimal(event.total), event.currency),
    )
    return MailPage(
        subject=f"Statement {event.number}, {days}",
        title=f"Statement {event.number}",
        account=notification.account,
        sentences=(f"Statement {event.number} for {days} is closed. Its total is {total}.",),
        figures=(
            MailFigure(label="Total", value=total, detail=days),
            MailFigure(label="Sessions", value=text.count_text(event.sessions)),
        ),
        link=MailLink(label="Open the statement", href=url),
        reason=notification.cause,
    )
