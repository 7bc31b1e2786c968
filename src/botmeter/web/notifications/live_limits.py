"""Messages about caps, brakes and allowances that are used up."""

from decimal import Decimal
from typing import Final

import msgspec
from django.urls import reverse

from botmeter.domain.instant import us_from_text
from botmeter.domain.money_text import money_text, units_text
from botmeter.domain.text import instant_text
from botmeter.people.notifications.delivery import FolderFiles, RenderContext, Rendered, WebhookCall
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.notifications.webhook_events import AllowanceExhausted, CapReached, event_data
from botmeter.people.public_address import address_in_message
from botmeter.web.notifications.chat_text import chat_of
from botmeter.web.notifications.mail_frame import MailFigure, MailLink, MailPage, framed

_SCOPES: Final = {"account": "the account", "bot": "bot", "channel": "channel", "cost_centre": "cost centre"}
_BEYOND: Final = {
    "charged": "Further sessions are charged as overage.",
    "recharge": "The plan buys a new pack for further sessions.",
    "stopped": "Bots that ask before they open a session are told that none is allowed.",
}


def rendered_cap_reached(notification: Notification, _context: RenderContext) -> Rendered:
    """Render a reached cap or brake."""
    event = msgspec.convert(notification.content, CapReached)
    route = "billing-budgets" if event.limit_kind == "brake" else "billing"
    url = address_in_message(reverse(route, args=(notification.account,)))
    scope = f"{_SCOPES[event.scope]} {event.name or ''}".strip()
    what = "Brake" if event.limit_kind == "brake" else "Cap of the plan"
    until = f" until {instant_text(us_from_text(event.until), seconds=False)} UTC" if event.until else ""
    page = MailPage(
        subject=f"{what} reached for {scope}",
        title=f"{what} reached for {scope}",
        account=notification.account,
        sentences=(f"Bots that ask before they open a session are told{until} that none is allowed.",),
        figures=(
            MailFigure(label="Used", value=_amount(event.used, event)),
            MailFigure(label="Limit", value=_amount(event.limit, event)),
        ),
        link=MailLink(label="Open budgets" if event.limit_kind == "brake" else "Open billing", href=url),
        reason=notification.cause,
    )
    return _in_form(notification, page, call=_call(notification, msgspec.structs.replace(event, url=url)))


def rendered_allowance_exhausted(notification: Notification, _context: RenderContext) -> Rendered:
    """Render an allowance used up with all packs."""
    event = msgspec.convert(notification.content, AllowanceExhausted)
    url = address_in_message(reverse("billing", args=(notification.account,)))
    page = MailPage(
        subject="Allowance used up",
        title="Allowance used up",
        account=notification.account,
        sentences=(f"The allowance and all packs of this cycle are used up. {_BEYOND[event.beyond]}",),
        figures=(
            MailFigure(label="Used", value=units_text(Decimal(event.used))),
            MailFigure(label="Granted", value=units_text(Decimal(event.granted))),
        ),
        link=MailLink(label="Open billing", href=url),
        reason=notification.cause,
    )
    return _in_form(notification, page, call=_call(notification, msgspec.structs.replace(event, url=url)))


def _amount(amount: str, event: CapReached) -> str:
    if event.unit == "money" and event.currency:
        return money_text(Decimal(amount), event.currency)
    return units_text(Decimal(amount))


def _call(notification: Notification, event: CapReached | AllowanceExhausted) -> WebhookCall:
    name = "cap.reached" if isinstance(event, CapReached) else "allowance.exhausted"
    return WebhookCall(type=name, timestamp=notification.created_at, data=event_data(event))


def _in_form(notification: Notification, page: MailPage, *, call: WebhookCall) -> Rendered:
    match Channel(notification.channel):
        case Channel.EMAIL:
            return framed(page)
        case Channel.WEBHOOK:
            return call
        case Channel.CHAT:
            return chat_of(page)
        case Channel.FOLDER:
            # Destinations of this kind don't get the topic.
            return FolderFiles(files=())
