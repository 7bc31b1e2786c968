"""Admin → Alerts → one alert."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.alerts.last_cycle import last_cycle
from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us
from botmeter.domain.period import Period
from botmeter.domain.text import days_text
from botmeter.ledger.deliveries import latest_delivery_by_source
from botmeter.ledger.sources import sources_of
from botmeter.people.audit import Action
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import add_rule, alert_of, change_rule, rules_of
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.alert_words import KIND_LABELS, alert_label, level_label
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.alerts.form import AlertForm
from botmeter.web.pages.alerts.history import CrossingLine, crossing_lines
from botmeter.web.pages.alerts.list_page import currency_of, evaluate_soon
from botmeter.web.rendering import rendered

_ABOUT = {
    AlertKind.USAGE: "Part of the allowance and packs that is used. A purchase by hand and a new plan begin anew.",
    AlertKind.SESSIONS: "Charged sessions of the cycle.",
    AlertKind.MONEY: "Cost of the cycle until now; of a bot, channel or cost centre, that of its sessions.",
    AlertKind.FORECAST: "What the cycle is expected to have at its end. It names the day on which that is crossed.",
    AlertKind.BUDGET: "Part of each budget that is used.",
    AlertKind.CAP: "Part of the plan's cap that is used. At 100, sessions are stopped.",
    AlertKind.PACKS_LAPSE: "Packs that lapse in so many days with sessions left.",
    AlertKind.RECHARGES: "Part of the most packs of a cycle that the plan has bought by itself.",
    AlertKind.STATEMENT: "Statements, as they come.",
    AlertKind.SPIKE: "Sessions of an hour, against the mean of that hour of the week in eight weeks. Once a day.",
    AlertKind.SILENT_SOURCE: "A source that has delivered nothing for some hours.",
    AlertKind.QUARANTINE: "Events refused since midnight UTC that wait in quarantine.",
    AlertKind.METERING_DELAY: "Age of the oldest event that is stored and not metered. Once a day.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """Alert; a new one has no history, and nothing of the cycle before."""

    frame: Frame
    about: str
    last_cycle: str
    form: AlertForm
    button: str
    history: tuple[CrossingLine, ...] | None


@for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)
def new_alert(visit: Visit) -> HttpResponse:
    """Show the form; add the alert on POST."""
    kind = _kind_named(visit.request.GET.get("kind", AlertKind.USAGE.value))
    form = _form(visit, kind)
    if form.is_valid() and form.draft is not None:
        with form_errors(form, fields={}):
            rule, is_new = add_rule(
                visit.account, form.draft, form_token=form.cleaned_data["form_token"], by=visit.user
            )
            if is_new:
                visit.record(Action.ALERT_ADDED, alert=rule.name, watches=alert_label(alert_of(rule)))
            evaluate_soon(visit)
            add_notice(visit.request, Notice(fact=f"Alert {rule.name} added."))
            return redirect("alerts", visit.account)
    return _page(visit, form, title=f"New alert: {KIND_LABELS[kind]}", button="Add alert", history=None)


@for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)
def alert(visit: Visit, *, alert: int) -> HttpResponse:
    """Show an alert with its history; change it on POST."""
    rule = next((each for each in rules_of(visit.account) if each.pk == alert), None)
    if rule is None:
        raise Http404
    form = _form(visit, AlertKind(rule.kind), rule=rule)
    if form.is_valid() and form.draft is not None:
        is_new_version = change_rule(rule, form.draft)
        watches = alert_label(form.draft.alert, currency=currency_of(visit))
        visit.record(Action.ALERT_CHANGED, alert=rule.name, watches=watches, recipients=len(form.draft.recipients))
        evaluate_soon(visit)
        anew = "Its levels are sent anew." if is_new_version else ""
        add_notice(visit.request, Notice(fact=f"Alert {rule.name} changed.", consequence=anew))
        return redirect("alerts", visit.account)
    history = crossing_lines(visit.account, rule=rule)
    before = "" if form.is_bound else _last_cycle(visit, alert_of(rule))
    return _page(visit, form, title=rule.name, button="Save alert", history=history, last_cycle=before)


def _kind_named(name: str) -> AlertKind:
    try:
        return AlertKind(name)
    except ValueError:
        kinds = ", ".join(AlertKind)
        raise Missing("alert_kind_unknown", f"{name[:40]!r} is no kind of alert. Kinds: {kinds}.") from None


def _form(visit: Visit, kind: AlertKind, *, rule: AlertRule | None = None) -> AlertForm:
    data = visit.request.POST if visit.request.method == "POST" else None
    sources = _sources(visit) if kind is AlertKind.SILENT_SOURCE else ()
    return AlertForm(data, visit=visit, kind=kind, sources=sources, rule=rule)


def _sources(visit: Visit) -> tuple[str, ...]:
    with visit.reading() as ledger:
        known = {each.name for each in sources_of(ledger)} | latest_delivery_by_source(ledger).keys()
    return tuple(sorted(known))


def _last_cycle(visit: Visit, alert: Alert) -> str:
    with visit.reading() as ledger:
        before = last_cycle(alert, ledger, now_us=now_us(), cache=SERVER_BILLS)
    if before is None:
        return ""
    cycle = before.cycle
    days = days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on))
    if not before.levels or alert.unit is None:
        return f"In the cycle before, {days}, it would not have fired."
    currency = currency_of(visit)
    levels = ", ".join(level_label(level, alert.unit, currency=currency) for level in before.levels)
    return f"In the cycle before, {days}, it would have fired at {levels}."


def _page(
    visit: Visit,
    form: AlertForm,
    *,
    title: str,
    button: str,
    history: tuple[CrossingLine, ...] | None,
    last_cycle: str = "",
) -> HttpResponse:
    page = AlertPage(
        frame=frame(visit, title=title, current="alerts", crumbs=section_links(visit.account, "alerts")),
        about=_ABOUT[form.kind],
        last_cycle=last_cycle,
        form=form,
        button=button,
        history=history,
    )
    return rendered(visit.request, "alerts/alert.html", page=page, status=400 if form.errors else 200)
