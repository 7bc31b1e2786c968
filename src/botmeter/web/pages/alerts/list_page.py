"""Admin → Alerts."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_facts import account_terms
from botmeter.people.audit import Action
from botmeter.people.models import User
from botmeter.people.notifications.alert_models import AlertCrossing, AlertRule
from botmeter.people.notifications.alert_rules import alert_of, last_crossings, remove_rule, rules_of, set_on
from botmeter.people.notifications.chosen_recipients import chosen_recipients
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.alert_words import KIND_LABELS, alert_label
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.alerts.history import CrossingLine, crossing_line, crossing_lines
from botmeter.web.pages.alerts.ready_made import READY_MADE, add_ready_made
from botmeter.web.rendering import rendered
from botmeter.web.report_address import number_named
from botmeter.web.server_state import server_state

_RECIPIENTS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """Alert; `last` is its last crossing."""

    number: int
    name: str
    label: str
    href: str
    recipients: str
    is_on: bool
    last: CrossingLine | None
    remove_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """Alerts and what they crossed; `ready_made` is empty once there are any."""

    frame: Frame
    alerts: tuple[AlertLine, ...]
    kinds: tuple[Link, ...]
    history: tuple[CrossingLine, ...]
    ready_made: tuple[str, ...]
    form_token: str


@for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)
def alerts(visit: Visit) -> HttpResponse:
    """List the alerts; add the ready-made ones, turn one on or off, or remove it once confirmed."""
    sent = sent_parameters(visit.request)
    match sent.get("what"):
        case "remove":
            return _remove(visit, _rule_named(visit, sent.get("alert", "")))
        case "on" | "off" if visit.request.method == "POST":
            return _switch(visit, _rule_named(visit, sent.get("alert", "")), is_on=sent["what"] == "on")
        case "ready-made" if visit.request.method == "POST":
            return _add_ready_made(visit, sent.get("form_token", ""))
    return _page(visit)


def currency_of(visit: Visit) -> str:
    """Currency of the account's last plan; empty without one."""
    with visit.reading() as ledger:
        terms = account_terms(ledger)
    return terms[-1].plan.currency if terms else ""


def evaluate_soon(visit: Visit) -> None:
    """Let the server evaluate the account: a level below present use fires at once."""
    server_state(visit.request).alerts.changed(visit.account)


def _rule_named(visit: Visit, text: str) -> AlertRule | None:
    number = number_named(text, "alert", within=(1, 2**63 - 1))
    return next((each for each in rules_of(visit.account) if each.pk == number), None)


def _gone(visit: Visit) -> HttpResponse:
    add_notice(visit.request, Notice(fact="The alert was removed already.", kind="info"))
    return redirect("alerts", visit.account)


def _switch(visit: Visit, rule: AlertRule | None, *, is_on: bool) -> HttpResponse:
    if rule is None:
        return _gone(visit)
    if rule.is_on != is_on:
        set_on(rule, is_on)
        visit.record(Action.ALERT_CHANGED, alert=rule.name, is_on=is_on)
    evaluate_soon(visit)
    add_notice(visit.request, Notice(fact=f"Alert {rule.name} is {'on' if is_on else 'off'}."))
    return redirect("alerts", visit.account)


def _remove(visit: Visit, rule: AlertRule | None) -> HttpResponse:
    if rule is None:
        return _gone(visit)
    if not is_confirmed(visit.request):
        confirmation = Confirmation(
            question=f"Remove the alert {rule.name}?",
            effect="It tells nobody from now on. What it has crossed stays in the history.",
            button="Remove alert",
            cancel_href=reverse("alerts", args=(visit.account,)),
        )
        return account_confirmation(visit, confirmation, section="alerts")
    remove_rule(rule)
    visit.record(Action.ALERT_REMOVED, alert=rule.name)
    add_notice(visit.request, Notice(fact=f"Alert {rule.name} removed."))
    return redirect("alerts", visit.account)


def _add_ready_made(visit: Visit, form_token: str) -> HttpResponse:
    token = form_token if len(form_token) == 32 and form_token.isalnum() else uuid4().hex
    added = list(add_ready_made(visit.account, form_token=token, by=visit.user))
    for rule in added:
        visit.record(Action.ALERT_ADDED, alert=rule.name, watches=alert_label(alert_of(rule)))
    evaluate_soon(visit)
    fact = f"{len(added)} alerts added." if added else "The alerts were added already."
    add_notice(
        visit.request, Notice(fact=fact, consequence="They tell you by email. Open one to add other recipients.")
    )
    return redirect("alerts", visit.account)


def _page(visit: Visit) -> HttpResponse:
    rules, currency = rules_of(visit.account), currency_of(visit)
    last = last_crossings(rules)
    new_href = reverse("new-alert", args=(visit.account,))
    page = AlertsPage(
        frame=frame(visit, title="Alerts", current="alerts"),
        alerts=tuple(_line(visit, each, last=last.get(each.pk), currency=currency) for each in rules),
        kinds=tuple(Link(label=label, href=f"{new_href}?kind={kind}") for kind, label in KIND_LABELS.items()),
        history=crossing_lines(visit.account),
        ready_made=() if rules else tuple(alert_label(alert) for _name, alert in READY_MADE),
        form_token=uuid4().hex,
    )
    return rendered(visit.request, "alerts/list.html", page=page)


def _line(visit: Visit, rule: AlertRule, *, last: AlertCrossing | None, currency: str) -> AlertLine:
    here = reverse("alerts", args=(visit.account,))
    return AlertLine(
        number=rule.pk,
        name=rule.name,
        label=alert_label(alert_of(rule), currency=currency),
        href=reverse("alert", args=(visit.account, rule.pk)),
        recipients=recipients_text(rule),
        is_on=rule.is_on,
        last=None if last is None else crossing_line(last),
        remove_href=f"{here}?what=remove&alert={rule.pk}",
    )


def recipients_text(rule: AlertRule) -> str:
    """First recipients who are still there."""
    found = chosen_recipients(rule.account, rule.recipients)
    users = {
        each.pk: str(each) for each in User.objects.filter(pk__in=[each.user_id for each in found if each.user_id])
    }
    names = [users.get(each.user_id or 0, each.address) for each in found]
    more = f" and {len(names) - _RECIPIENTS_SHOWN} more" if len(names) > _RECIPIENTS_SHOWN else ""
    return ", ".join(names[:_RECIPIENTS_SHOWN]) + more if names else "Nobody"
