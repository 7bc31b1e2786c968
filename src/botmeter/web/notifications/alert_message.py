"""Crossed levels of alerts as emails, webhook calls and chat messages."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse

from botmeter.billing.alerts.alert import AlertKind, StatementMoment, Target
from botmeter.domain import text
from botmeter.domain.money_text import money_text, units_text
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.delivery import (
    Attachment,
    FolderFiles,
    RenderContext,
    Rendered,
    WebhookCall,
    Withdrawn,
)
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.notifications.webhook_events import alert_event, event_data
from botmeter.people.public_address import address_in_message
from botmeter.people.titles import noted_title
from botmeter.web.alert_titles import Facts, amount_text, as_of, day_of, is_over, words_of
from botmeter.web.notifications.chat_text import chat_of
from botmeter.web.notifications.mail_frame import MailFigure, MailLink, MailPage, framed

_DIMENSIONS: Final = {"bot": "Bot", "channel": "Channel", "code": "Reason"}
_ROUTES: Final = {
    AlertKind.SILENT_SOURCE: ("Open sources", "sources"),
    AlertKind.METERING_DELAY: ("Open sources", "sources"),
    AlertKind.QUARANTINE: ("Open quarantine", "quarantine"),
    AlertKind.PACKS_LAPSE: ("Open purchases", "billing-purchases"),
    AlertKind.RECHARGES: ("Open purchases", "billing-purchases"),
    AlertKind.BUDGET: ("Open budgets", "billing-budgets"),
    AlertKind.SPIKE: ("Open report", "report"),
}


def rendered_alert(notification: Notification, _context: RenderContext) -> Rendered:
    """Render a crossed level."""
    facts = notification.content
    rule = AlertRule.objects.filter(pk=facts["rule"]).first()
    if rule is None or rule.removed_at is not None:
        return Withdrawn(reason="Nothing was sent: the alert was removed.")
    page = alert_page(facts, notification.account, alert=rule.pk)
    match Channel(notification.channel):
        case Channel.EMAIL:
            return framed(page)
        case Channel.WEBHOOK:
            event = alert_event(facts, account=notification.account, url=page.link.href if page.link else "")
            return WebhookCall(type="alert.crossed", timestamp=notification.created_at, data=event_data(event))
        case Channel.CHAT:
            return chat_of(page)
        case Channel.FOLDER:
            name = f"alert-{notification.pk.hex}.txt"
            return FolderFiles(
                files=(Attachment(name=name, content=framed(page).text.encode(), media_type="text/plain"),)
            )


def alert_page(facts: Facts, account: str, *, alert: int) -> MailPage:
    """Contents of the message about a crossed level."""
    title, sentence = words_of(facts)
    account_title = noted_title(account) or account
    settings_href = address_in_message(reverse("alert", args=(account, alert)))
    return MailPage(
        subject=title,
        title=title,
        account=account_title,
        sentences=(sentence,),
        figures=tuple(_figures(facts)),
        link=alert_link(facts, account),
        after=(f"As of {as_of(facts)}. Each level is sent once in its cycle.",),
        reason=f"You get this because the alert “{facts['name']}” of {account_title} names you.",
        settings=MailLink(label="Change the alert", href=settings_href),
    )


def alert_link(facts: Facts, account: str) -> MailLink:
    """Page that shows the cause."""
    kind = AlertKind(facts["kind"])
    if kind is AlertKind.STATEMENT:
        if facts["level"] == StatementMoment.PRELIMINARY or not facts.get("number"):
            href = reverse("cycle-statement", args=(account, facts["statement_day"]))
        else:
            href = reverse("statement", args=(account, facts["number"]))
        return MailLink(label="Open statement", href=address_in_message(href))
    label, route = _ROUTES.get(kind, ("Open this cycle", "billing"))
    return MailLink(label=label, href=address_in_message(reverse(route, args=(account,))))


def _figures(facts: Facts) -> Iterator[MailFigure]:
    cycle = facts.get("cycle", {})
    yield from _used(facts, cycle)
    yield from _left(facts, cycle)
    yield from _expected(facts, cycle)
    if on := day_of(facts):
        yield MailFigure(label=_day_label(facts), value=on)
    if "driver" in facts:
        yield _driver(facts["driver"], is_spike=facts["kind"] == AlertKind.SPIKE)


def _used(facts: Facts, cycle: Facts) -> Iterator[MailFigure]:
    if facts.get("used") is not None and facts.get("limit"):
        used, limit = (amount_text(facts, facts[name]) for name in ("used", "limit"))
        share = Decimal(facts["used"]) / Decimal(facts["limit"]) * 100
        # "40 of 30 sessions", not "40 sessions of 30 sessions".
        used = used.removesuffix(" sessions") if limit.endswith(" sessions") else used
        yield MailFigure(label="Used", value=f"{used} of {limit}", detail=f"{share:.0f}{text.THIN}%")
    elif cycle:
        total = money_text(Decimal(cycle["total"]), facts["currency"])
        yield MailFigure(label="Used in this cycle", value=text.counted(cycle["sessions"], "session"), detail=total)


def _left(facts: Facts, cycle: Facts) -> Iterator[MailFigure]:
    if facts.get("left") is not None:
        yield MailFigure(label="Left", value=amount_text(facts, facts["left"]))
    elif "left" in cycle:
        yield MailFigure(label="Left of allowance and packs", value=units_text(Decimal(cycle["left"])))


def _expected(facts: Facts, cycle: Facts) -> Iterator[MailFigure]:
    by = f"Expected by {day_of(cycle, 'last_day')}" if cycle else "Expected"
    if facts.get("expected"):
        yield MailFigure(label=by, value=amount_text(facts, facts["expected"]))
    elif "expected_sessions" in cycle:
        total = cycle.get("expected_total")
        detail = money_text(Decimal(total), facts["currency"]) if total else ""
        yield MailFigure(label=by, value=text.counted(cycle["expected_sessions"], "session"), detail=detail)


def _day_label(facts: Facts) -> str:
    kind = AlertKind(facts["kind"])
    if kind is AlertKind.PACKS_LAPSE:
        return "Lapse on"
    if is_over(facts):
        return "Reached on"
    is_allowance = kind is AlertKind.USAGE or facts.get("target") == Target.ALLOWANCE
    return "Used up on" if is_allowance else "Reached on, at this pace"


def _driver(driver: dict[str, Any], *, is_spike: bool) -> MailFigure:
    name = f"{_DIMENSIONS[driver['dimension']]} {driver['label']}"
    if driver["dimension"] == "code":
        return MailFigure(label=name, value=text.counted(driver["count"], "event"), detail="waiting in quarantine")
    count, before = text.counted(driver["count"], "session"), driver["before"]
    if not before:
        detail = "" if before is None else "usually none" if is_spike else "none until then in the cycle before"
        return MailFigure(label=name, value=count, detail=detail)
    usual = f"{before:,.1f}" if is_spike else text.count_text(int(before))
    than = "usual in this hour" if is_spike else "until then in the cycle before"
    change = text.percent_text(driver["count"] / before - 1)
    return MailFigure(label=name, value=change, detail=f"{count}, {usual} {than}")
