"""Alerts, and the record of their crossings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from botmeter.billing.alerts.alert import Alert, alert_as_json, alert_from_json
from botmeter.billing.alerts.crossings import Crossings, Reading
from botmeter.domain.display_name import required_name_fault
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.instant import present
from botmeter.ledger.folder_files import folder_id
from botmeter.people.models import User
from botmeter.people.notifications.alert_models import AlertCrossing, AlertRule
from botmeter.people.notifications.chosen_recipients import chosen_recipients
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.outbox import Message, put
from botmeter.people.notifications.topics import Topic

ALERTS_MAX: Final = 100
"""Per account: each is evaluated within the second after events are settled."""
RECIPIENTS_MAX: Final = 50


class CrossingState(StrEnum):
    """State of a crossed level: its own notification was put, or a higher level's."""

    FIRED = "fired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDraft:
    """Alert as people set it.

    Raises:
        Refused: `alert_name_invalid`.
        TooMuch: `alert_recipients_many`.
    """

    name: str
    alert: Alert
    recipients: tuple[Mapping[str, Any], ...]

    def __post_init__(self) -> None:
        name = self.name.strip()
        if fault := required_name_fault(name):
            raise Refused("alert_name_invalid", f"The name {name[:40]!r} of an alert is not valid: {fault}.")
        if len(self.recipients) > RECIPIENTS_MAX:
            raise TooMuch(
                "alert_recipients_many",
                f"The alert has {len(self.recipients)} recipients; the limit is {RECIPIENTS_MAX}. "
                "Use a mailing list or a chat channel.",
            )
        object.__setattr__(self, "name", name)


def rules_of(account: str) -> list[AlertRule]:
    """Alerts that are not removed, by name."""
    rules = AlertRule.objects.filter(account=account, data_folder=folder_id(settings.DATA), removed_at=None)
    return list(rules.order_by("name", "pk"))


def watched_rules() -> dict[str, list[AlertRule]]:
    """Alerts that are on, by account."""
    rules: dict[str, list[AlertRule]] = {}
    on = AlertRule.objects.filter(data_folder=folder_id(settings.DATA), is_on=True, removed_at=None)
    for rule in on.order_by("account", "pk"):
        rules.setdefault(rule.account, []).append(rule)
    return rules


def watched_destinations() -> frozenset[str]:
    """Accounts whose destinations are told of reached limits."""
    rows = Destination.objects.filter(is_on=True).values_list("account", "topics")
    return frozenset(account for account, topics in rows if topics)


def alert_of(rule: AlertRule) -> Alert:
    """Alert as a value."""
    return alert_from_json(rule.kind, rule.options)


def add_rule(account: str, draft: AlertDraft, *, form_token: str, by: User | None) -> tuple[AlertRule, bool]:
    """Add an alert; also return whether it is new: one form makes one.

    Raises:
        TooMuch: `alerts_many`.
    """
    with transaction.atomic():
        known = AlertRule.objects.filter(form_token=form_token, account=account).first()
        if known is not None:
            return known, False
        if len(rules_of(account)) >= ALERTS_MAX:
            raise TooMuch("alerts_many", f"Account {account} has {ALERTS_MAX} alerts, the limit. Remove one first.")
    try:
        with transaction.atomic():
            rule = AlertRule.objects.create(
                account=account,
                data_folder=folder_id(settings.DATA),
                name=draft.name,
                kind=draft.alert.kind.value,
                options=alert_as_json(draft.alert),
                recipients=list(draft.recipients),
                form_token=form_token,
                created_by=by,
            )
    except IntegrityError:
        return AlertRule.objects.get(form_token=form_token, account=account), False
    return rule, True


def change_rule(rule: AlertRule, draft: AlertDraft) -> bool:
    """Change an alert; return whether it watches something else, which is a new version and fires anew."""
    options = alert_as_json(draft.alert)
    is_other = (rule.kind, rule.options) != (draft.alert.kind.value, options)
    rule.name, rule.recipients = draft.name, list(draft.recipients)
    if is_other:
        rule.kind, rule.options = draft.alert.kind.value, options
        rule.version, rule.version_at = rule.version + 1, present()
    rule.save(update_fields=["name", "recipients", "kind", "options", "version", "version_at"])
    return is_other


def set_on(rule: AlertRule, is_on: bool) -> None:
    """Turn an alert on or off."""
    rule.is_on = is_on
    rule.save(update_fields=["is_on"])


def remove_rule(rule: AlertRule) -> None:
    """Remove an alert; its history stays."""
    rule.removed_at, rule.is_on = present(), False
    rule.save(update_fields=["removed_at", "is_on"])


Epoch = tuple[int, int, str]
"""Rule, its version, and the epoch."""


def known_levels(epochs: Collection[Epoch]) -> dict[Epoch, set[str]]:
    """Levels of each epoch that have a row."""
    known: dict[Epoch, set[str]] = {each: set() for each in epochs}
    rows = AlertCrossing.objects.filter(
        rule__in={rule for rule, _version, _epoch in epochs}, epoch__in={epoch for _rule, _version, epoch in epochs}
    )
    for rule, version, epoch, level in rows.values_list("rule_id", "rule_version", "epoch", "level"):
        known.setdefault((rule, version, epoch), set()).add(level)
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Newly crossed levels of a rule, with the facts for its notification."""

    rule: AlertRule
    reading: Reading
    crossings: Crossings
    facts: Mapping[str, Any]
    cause: str


def record_crossed(crossed: Crossed) -> bool:
    """Keep a row for each level, and put the notification of the highest; return whether it was put.

    Of several writers, the one whose row comes first puts it.
    """
    rule, reading, crossings = crossed.rule, crossed.reading, crossed.crossings
    with transaction.atomic():
        is_first = crossings.fired is not None and _is_new(
            rule, reading, level=crossings.fired, state=CrossingState.FIRED, detail=crossed.facts
        )
        for level in crossings.superseded:
            detail = {"value": crossed.facts.get("value")}
            _is_new(rule, reading, level=level, state=CrossingState.SUPERSEDED, detail=detail)
        if is_first:
            message = Message(
                key=f"alert:{rule.pk}:{rule.version}:{reading.epoch}:{crossings.fired}",
                topic=Topic.ALERT,
                account=rule.account,
                cause=crossed.cause,
                content={"rule": rule.pk, "name": rule.name, **crossed.facts},
            )
            put(message, chosen_recipients(rule.account, rule.recipients))
    return is_first


def _is_new(rule: AlertRule, reading: Reading, *, level: str, state: CrossingState, detail: Mapping[str, Any]) -> bool:
    _row, is_new = AlertCrossing.objects.get_or_create(
        rule=rule,
        rule_version=rule.version,
        epoch=reading.epoch,
        level=level,
        defaults={"account": rule.account, "state": state.value, "detail": dict(detail)},
    )
    return is_new


def last_crossings(rules: Sequence[AlertRule]) -> dict[int, AlertCrossing]:
    """Last level sent, by rule."""
    rows = AlertCrossing.objects.filter(rule__in=list(rules), state=CrossingState.FIRED).order_by("crossed_at", "pk")
    return {row.rule_id: row for row in rows}


def crossings_of(account: str, *, limit: int, rule: AlertRule | None = None) -> list[AlertCrossing]:
    """Newest crossings of an account or of one alert."""
    rows = AlertCrossing.objects.select_related("rule").filter(account=account)
    return list((rows if rule is None else rows.filter(rule=rule))[:limit])
