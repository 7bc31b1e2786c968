"""Alerts of an account: each level fires once in its epoch, with what a reader needs to know."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.support.alert_world import ADA, PLAN, START_US, World, alert_world

from botmeter.billing.alerts.alert import Alert, AlertKind, StatementMoment, Target
from botmeter.billing.closing import close_due
from botmeter.billing.plan import Beyond, Meter
from botmeter.billing.plan_actions import PackOrder, buy_packs, set_plan
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.instant import DAY_US, datetime_from_us, us_from_text
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit, add_budget
from botmeter.people.notifications import alert_rules
from botmeter.people.notifications.alert_models import AlertCrossing
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule, change_rule, set_on
from botmeter.people.notifications.delivery import RenderContext, WebhookCall
from botmeter.people.notifications.models import Destination, Notification
from botmeter.web.notifications.closed_statement import rendered_statement_closed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FORMS = ("one form", "another form")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with alert_world(tmp_path / "data") as made:
        yield made


def test_a_level_fires_once_and_says_what_a_reader_needs(world: World) -> None:
    """Cases 30 and 34: recorded, so that no later evaluation fires; the second level is not silent."""
    world.rule(AlertKind.USAGE, 50, 100)
    world.sessions(4)
    assert world.check() == []
    world.sessions(1)
    for _ in range(5):
        assert world.check() == [("50", "fired")]
    [said] = world.sent
    assert (said["used"], said["limit"], said["left"], said["name"]) == ("5", "10", "5", "One")
    assert said["driver"] == {"dimension": "bot", "name": "b1", "label": "b1", "count": 5, "before": None}
    assert said["cycle"]["sessions"] == 5
    world.sessions(6, bot_id="b2")
    assert world.check() == [("50", "fired"), ("100", "fired")]
    assert (world.sent[-1]["value"], world.sent[-1]["driver"]["name"]) == ("110", "b2")


def test_from_seventy_to_a_hundred_and_twenty_in_one_commit_sends_one(world: World) -> None:
    """Case 33."""
    world.rule(AlertKind.USAGE, 50, 75, 100)
    world.sessions(12)
    assert world.check() == [("100", "fired"), ("50", "superseded"), ("75", "superseded")]
    assert len(world.sent) == 1


def test_a_level_below_present_use_fires_at_once_and_a_changed_one_anew(world: World) -> None:
    """Cases 32 and 34: the version is part of the key."""
    world.sessions(6)
    rule = world.rule(AlertKind.USAGE, 50)
    assert world.check() == [("50", "fired")]
    renamed = AlertDraft(name="Two", alert=Alert(kind=AlertKind.USAGE, levels=(Decimal(50),)), recipients=ADA)
    assert not change_rule(rule, renamed)
    assert world.check() == [("50", "fired")]
    lower = AlertDraft(name="Two", alert=Alert(kind=AlertKind.USAGE, levels=(Decimal(40),)), recipients=ADA)
    assert change_rule(rule, lower)
    assert world.check() == [("50", "fired"), ("40", "fired")]
    set_on(rule, False)
    world.sessions(6)
    assert len(world.check()) == 2


def test_a_manual_purchase_begins_an_epoch(world: World) -> None:
    """Case 18: an old notification does not suppress the next grant's."""
    world.rule(AlertKind.USAGE, 80)
    world.sessions(9)
    assert len(world.check()) == 1
    world.billing(lambda ledger: buy_packs(ledger, PackOrder(packs=1, at_us=world.now_us), now_us=world.now_us))
    assert len(world.check()) == 1
    world.sessions(8)
    assert [level for level, _ in world.check()] == ["80", "80"]
    assert len(set(AlertCrossing.objects.values_list("epoch", flat=True))) == 2


@pytest.mark.parametrize(
    ("kind", "level", "fields", "facts"),
    [
        (AlertKind.SESSIONS, 12, {}, {"used": "12", "limit": "12", "left": "0"}),
        (AlertKind.SESSIONS, 2, {"scope": BudgetScope.CHANNEL, "name": "mail"}, {"used": "2"}),
        (AlertKind.MONEY, 1, {}, {"used": "1.00", "amount_unit": "money", "on": "2026-10-11"}),
        (AlertKind.MONEY, 1, {"scope": BudgetScope.BOT, "name": "b2"}, {"used": "1.00"}),
        (AlertKind.BUDGET, 50, {}, {"used": "1.00", "limit": "2", "left": "1.00"}),
        (AlertKind.FORECAST, 100, {"target": Target.BUDGETS}, {"used": "1.00", "on": "2026-10-17"}),
        (AlertKind.FORECAST, 150, {"target": Target.ALLOWANCE}, {"used": "12", "on": "2026-10-11"}),
        (AlertKind.FORECAST, 15, {"target": Target.SESSIONS}, {"used": "12", "on": "2026-10-20"}),
        (AlertKind.SPIKE, 4, {"least_sessions": 5}, {"used": "10", "usual": "2"}),
    ],
)
def test_what_else_an_alert_watches(
    world: World, kind: AlertKind, level: int, fields: dict[str, Any], facts: dict[str, str]
) -> None:
    world.billing(lambda ledger: add_budget(ledger, Budget(amount=Decimal(2)), now_us=START_US))
    world.sessions(2, at_us=world.now_us - 7 * DAY_US)
    world.sessions(8)
    world.sessions(2, bot_id="b2", channel="mail")
    world.rule(kind, level, **fields)
    assert world.check() == [(str(level), "fired")], world.sent
    [said] = world.sent
    assert {name: said.get(name) for name in facts} == facts


def test_packs_that_lapse_are_told_of_by_each_level(world: World) -> None:
    world.rule(AlertKind.PACKS_LAPSE, 7, 30)
    world.billing(lambda ledger: buy_packs(ledger, PackOrder(packs=2, at_us=world.now_us), now_us=world.now_us))
    assert world.check() == []
    world.now_us += 31 * DAY_US
    assert world.check() == [("30", "fired")]
    assert (world.sent[0]["left"], world.sent[0]["on"]) == ("20", "2026-12-10")
    world.now_us += 24 * DAY_US
    assert world.check() == [("30", "fired"), ("7", "fired")]


def test_a_statement_is_told_of_when_it_is_preliminary_and_when_it_is_closed(world: World) -> None:
    world.rule(AlertKind.STATEMENT, moments=frozenset(StatementMoment))
    assert world.check() == []
    world.now_us = us_from_text("2026-11-02T00:00:00Z")
    assert world.check() == [("preliminary", "fired")]
    world.now_us = us_from_text("2026-11-05T00:00:00Z")
    world.billing(lambda ledger: close_due(ledger, now_us=world.now_us))
    assert world.check() == [("preliminary", "fired"), ("closed", "fired")]
    assert world.sent[-1]["number"] == "ACME-000001"


def test_more_alerts_recipients_or_an_empty_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    alert = Alert(kind=AlertKind.USAGE, levels=(Decimal(50),))
    with pytest.raises(Refused, match="of an alert is not valid: it is empty") as refused:
        AlertDraft(name=" ", alert=alert, recipients=ADA)
    assert refused.value.code == "alert_name_invalid"
    with pytest.raises(TooMuch, match="The alert has 51 recipients; the limit is 50") as many:
        AlertDraft(name="One", alert=alert, recipients=ADA * 51)
    assert many.value.code == "alert_recipients_many"
    monkeypatch.setattr(alert_rules, "ALERTS_MAX", 1)
    draft = AlertDraft(name="One", alert=alert, recipients=ADA)
    first = add_rule("acme", draft, form_token=FORMS[0], by=None)
    # The same form is the same alert.
    assert add_rule("acme", draft, form_token=FORMS[0], by=None) == (first[0], False)
    with pytest.raises(TooMuch, match="has 1 alerts, the limit") as full:
        add_rule("acme", draft, form_token=FORMS[1], by=None)
    assert full.value.code == "alerts_many"


def subscribed(topics: list[str]) -> None:
    Destination.objects.create(account="acme", name="hook", kind="webhook", topics=topics)


def limits() -> list[tuple[str, str]]:
    rows = Notification.objects.exclude(topic="alert").order_by("created_at", "pk")
    return [(row.topic, row.content.get("limit_kind", "")) for row in rows]


def test_a_webhook_is_told_once_that_the_allowance_is_used_up(world: World) -> None:
    subscribed(["allowance_exhausted"])
    world.sessions(9)
    world.check()
    assert limits() == []
    world.sessions(1)
    for _ in range(3):
        world.check()
    assert limits() == [("allowance_exhausted", "")]
    [event] = [row.content for row in Notification.objects.all()]
    assert (event["granted"], event["used"], event["beyond"]) == ("10", "10", "charged")
    world.billing(lambda ledger: buy_packs(ledger, PackOrder(packs=1, at_us=world.now_us), now_us=world.now_us))
    world.now_us += DAY_US
    world.sessions(11)
    world.check()
    assert len(limits()) == 2


def test_a_webhook_is_told_once_of_each_statement_that_is_closed_from_then_on(world: World) -> None:
    world.sessions(12)
    world.now_us += 24 * DAY_US
    world.billing(lambda ledger: close_due(ledger, now_us=world.now_us))
    world.now_us += DAY_US
    subscribed(["statement_closed"])
    Destination.objects.update(created_at=datetime_from_us(world.now_us))
    world.check()
    assert limits() == [], "it was closed before anybody asked for it"
    world.now_us += 31 * DAY_US
    world.billing(lambda ledger: close_due(ledger, now_us=world.now_us))
    for _ in range(3):
        world.check()
    [event] = Notification.objects.all()
    assert event.topic == "statement_closed"
    assert (event.content["number"], event.content["total"], event.content["closed_by"]) == (
        "ACME-000002",
        "0.00",
        None,
    )
    assert event.content["cycle"] == {"first_day": "2026-11-01", "last_day": "2026-11-30", "timezone": "UTC"}
    context = RenderContext(ledgers=world.ledgers, now=datetime_from_us(world.now_us))
    call = rendered_statement_closed(event, context)
    assert isinstance(call, WebhookCall)
    assert call.type == "statement.closed"
    assert urlsplit(call.data["url"]).path == "/a/acme/admin/billing/statements/ACME-000002"
    event.channel = "chat"
    assert "Statement ACME-000002 for 1" in str(rendered_statement_closed(event, context))


def test_a_webhook_is_told_of_a_cap_and_of_a_brake_when_the_next_session_is_refused(world: World) -> None:
    subscribed(["cap_reached"])
    capped = replace(
        PLAN, name="capped", meters=(Meter(beyond=Beyond(kind="price", price=Decimal(1), cap=Decimal(3))),)
    )
    world.billing(lambda ledger: set_plan(ledger, capped, from_us=world.now_us - DAY_US, now_us=world.now_us))
    brake = Budget(amount=Decimal(12), unit=BudgetUnit.SESSIONS, scope=BudgetScope.BOT, name="b1", is_brake=True)
    world.sessions(1)
    world.billing(lambda ledger: add_budget(ledger, brake, now_us=world.now_us))
    # Ten are funded by the allowance of the plan before.
    world.sessions(11)
    world.check()
    assert limits() == [("cap_reached", "brake")]
    world.sessions(1)
    for _ in range(3):
        world.check()
    assert limits() == [("cap_reached", "brake"), ("cap_reached", "cap")]
