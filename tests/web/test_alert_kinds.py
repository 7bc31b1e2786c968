"""Alerts of each kind cross a real level: once, with their figures and one link, and not just below it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.alert_world import PLAN, START_US, World, alert_world
from tests.support.ledgers import append_events, event_at
from tests.support.live_batches import append_live, live_batch

from botmeter.billing.alerts.alert import Alert, AlertKind, StatementMoment
from botmeter.billing.alerts.last_cycle import last_cycle
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.closing import close_due
from botmeter.billing.plan import Beyond, Meter, Pack, Recharge
from botmeter.billing.plan_actions import PackOrder, buy_packs, set_plan
from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.domain.text import THIN
from botmeter.ledger.quarantine import ALL_WAITING, discard, quarantined
from botmeter.ledger.settle import settle
from botmeter.ledger.sources import remove_source, set_source
from botmeter.people.notifications.models import Destination, Notification

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
WEEK_US = 7 * DAY_US
PRICED = Beyond(kind="price", price=Decimal(1), cap=Decimal(4))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with alert_world(tmp_path / "data") as made:
        yield made


def test_a_plans_cap_is_told_of_before_it_is_reached_and_when_it_stops_a_session(world: World) -> None:
    # The other meter's cap is far away, and is no part of the figures.
    capped = replace(PLAN, name="capped", meters=(Meter(beyond=PRICED), Meter(beyond=replace(PRICED, cap=Decimal(99)))))
    world.billing(lambda ledger: set_plan(ledger, capped, from_us=world.now_us - DAY_US, now_us=world.now_us))
    world.rule(AlertKind.CAP, 75, 100)
    # Ten are funded by the allowance of the plan before.
    world.sessions(12)
    assert world.check() == []
    world.sessions(1)
    for _ in range(2):
        assert world.check() == [("75", "fired")]
    said = world.sent[0]
    assert [said[name] for name in ("value", "used", "limit", "left", "stopped")] == ["75", "3.00", "4", "1.00", 0]
    assert said["driver"]["name"] == "b1"
    sentence = "€3.00 of €4.00 is used. Then sessions are stopped."
    assert world.message() == (f"75{THIN}% of the plan's cap used", sentence, "/a/acme/admin/billing")
    world.sessions(3)
    assert world.check() == [("75", "fired"), ("100", "fired")]
    assert world.message()[:2] == (
        "Cap of the plan is reached",
        "€4.00 of €4.00 is used. 2 sessions stopped, at no charge.",
    )


def live_sessions(world: World, recharges: RechargeWatch, *names: str) -> None:
    """Sessions that buy, since only those do that are settled in their order."""
    world.now_us += SECOND_US
    events = [event_at(name, world.now_us - 100, customer_id=name, conversation_id=name) for name in names]
    with world.ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch(events), now_us=world.now_us)
    with world.ledgers.settling("acme") as ledger:
        settle(ledger, now_us=world.now_us)
        recharges.buy(ledger, now_us=world.now_us)


def test_most_recharges_of_a_cycle_are_told_of_once_they_are_bought(world: World) -> None:
    pack, recharge = Pack(sessions=2, price=Decimal(5)), Recharge(below=2, most_per_cycle=2)
    meter = replace(PLAN.meters[0], pack=pack, recharge=recharge)
    other = replace(meter, recharge=replace(recharge, most_per_cycle=50))
    plan = replace(PLAN, name="recharging", meters=(meter, other))
    world.billing(lambda ledger: set_plan(ledger, plan, from_us=world.now_us - DAY_US, now_us=world.now_us))
    world.rule(AlertKind.RECHARGES, 50, 100)
    recharges = RechargeWatch()
    live_sessions(world, recharges, *"12345678")
    assert world.check() == []
    live_sessions(world, recharges, "9")
    assert world.check() == [("50", "fired")]
    assert world.message()[0] == f"50{THIN}% of recharges used"
    live_sessions(world, recharges, *"ab")
    for _ in range(2):
        assert world.check() == [("50", "fired"), ("100", "fired")]
    said = world.sent[-1]
    assert [said[name] for name in ("used", "limit", "left", "amount_unit")] == ["2", "2", "0", "packs"]
    sentence = "2 of at most 2 packs of this cycle were bought by recharge. No more are bought before the next cycle."
    assert world.message() == ("Most recharges reached", sentence, "/a/acme/admin/billing/purchases")
    # A webhook says of each meter what happens beyond its packs; an import buys none.
    Destination.objects.create(account="acme", name="hook", kind="webhook", topics=["allowance_exhausted"])
    world.sessions(20)
    world.check()
    told = Notification.objects.filter(topic="allowance_exhausted").values_list("content__meter", "content__beyond")
    assert sorted(told) == [(0, "charged"), (1, "recharge")]


def test_a_source_that_falls_silent_is_told_of_once_until_it_delivers_again(world: World) -> None:
    def deliver(event_id: str, source: str) -> None:
        with world.ledgers.appending_live("acme") as ledger:
            append_live(ledger, live_batch([event_at(event_id, world.now_us, source=source)]), now_us=world.now_us)

    for name in ("web", "removed"):
        source = Source(name=name, platform="botmeter")
        world.billing(lambda ledger, source=source: set_source(ledger, source, now_us=world.now_us))
        deliver(name, name)
    world.billing(lambda ledger: remove_source(ledger, "removed", now_us=world.now_us))
    world.rule(AlertKind.SILENT_SOURCE, 6, 24)
    world.now_us += 6 * HOUR_US - SECOND_US
    assert world.check() == []
    world.now_us += SECOND_US
    for _ in range(2):
        # A source that was removed is no longer silent.
        assert world.check() == [("6", "fired")]
    assert (world.sent[0]["subject"], world.sent[0]["value"]) == ("web", "6")
    assert world.message() == ("Source web is silent", "It has delivered nothing for 6 hours.", "/a/acme/admin/sources")
    deliver("again", "web")
    assert len(world.check()) == 1
    world.now_us += 25 * HOUR_US
    assert world.check() == [("6", "fired"), ("24", "fired"), ("6", "superseded")]
    assert len(world.sent) == 2


def refuse(world: World, *ids: str, code: str = "bot_id_missing") -> None:
    rejections = tuple(
        Rejection(index=index, event_id=each, code=code, detail="It is wrong.", raw=each.encode())
        for index, each in enumerate(ids)
    )
    with world.ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch([], rejections=rejections), now_us=world.now_us)


def test_a_quarantine_that_grows_is_told_of_once_a_day(world: World) -> None:
    world.rule(AlertKind.QUARANTINE, 3)
    # Those of yesterday are no news of today, and no cause of it.
    world.now_us -= DAY_US
    refuse(world, *"zyxw", code="older")
    world.now_us += DAY_US
    refuse(world, *"34")
    assert world.check() == []
    refuse(world, "5")
    for _ in range(2):
        assert world.check() == [("3", "fired")]
    said = world.sent[0]
    assert (said["value"], said["driver"]["name"], said["driver"]["count"]) == ("3", "bot_id_missing", 3)
    sentence = "3 events are in quarantine since midnight UTC, and count in no report."
    assert world.message() == ("3 events refused today", sentence, "/a/acme/admin/quarantine")
    with world.ledgers.writing("acme") as ledger:
        waiting = quarantined(ledger, ALL_WAITING, limit=10)
        discard(ledger, [each.number for each in waiting], reason="a test", now_us=world.now_us)
    refuse(world, *"6789")
    assert len(world.check()) == 1
    world.now_us += DAY_US
    assert len(world.check()) == 1
    refuse(world, *"abc")
    assert world.check() == [("3", "fired")] * 2


def test_a_metering_delay_is_told_of_once_a_day(world: World) -> None:
    world.rule(AlertKind.METERING_DELAY, 60)
    with world.ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch([event_at("1", world.now_us)]), now_us=world.now_us)
    world.now_us += 59 * SECOND_US
    assert world.check() == []
    world.now_us += SECOND_US
    for _ in range(2):
        assert world.check() == [("60", "fired")]
    sentence = "The oldest event that is not metered yet came 60 seconds ago. It is stored, and counts later."
    assert world.message() == ("Metering is delayed", sentence, "/a/acme/admin/sources")
    with world.ledgers.settling("acme") as ledger:
        settle(ledger, now_us=world.now_us)
    world.now_us += 90 * SECOND_US
    assert len(world.check()) == 1


def test_a_spike_is_against_the_usual_of_that_hour_of_the_week(world: World) -> None:
    """Four a week in this hour, and many in the hour before, which are usual there."""
    # No other test reads this hour.
    world.now_us = us_from_text("2026-10-14T19:30:00Z")
    for week in (1, 2):
        world.sessions(4, at_us=world.now_us - week * WEEK_US)
        world.sessions(40, at_us=world.now_us - week * WEEK_US - HOUR_US)
    world.rule(AlertKind.SPIKE, 3, least_sessions=5)
    world.sessions(40, at_us=world.now_us - HOUR_US)
    world.sessions(7)
    world.sessions(4, bot_id="b2")
    assert world.check() == []
    world.sessions(1, bot_id="b2")
    for _ in range(2):
        assert world.check() == [("3", "fired")]
    said = world.sent[0]
    assert (said["value"], said["used"], said["usual"]) == ("3", "12", "4")
    # The other bot had none.
    assert (said["driver"]["name"], said["driver"]["count"], said["driver"]["before"]) == ("b2", 5, 0)
    sentence = "12 sessions in this hour; 4 are usual in this hour of the week."
    assert world.message() == ("3 times the usual sessions", sentence, "/a/acme/reports/bot-session-consumption")
    world.now_us += HOUR_US
    assert len(world.check()) == 1


def test_sessions_in_an_hour_that_has_none_usually_are_a_spike(world: World) -> None:
    world.now_us = us_from_text("2026-10-15T03:30:00Z")
    world.sessions(1, at_us=world.now_us - 2 * WEEK_US - HOUR_US)
    world.rule(AlertKind.SPIKE, 3, least_sessions=5)
    world.sessions(4)
    assert world.check() == []
    world.sessions(1)
    assert world.check() == [("3", "fired")]
    sentence = "5 sessions in this hour; there are usually none in this hour of the week."
    assert world.message()[:2] == ("Sessions in an hour that usually has none", sentence)


def test_packs_that_lapse_say_how_many_are_left_of_those(world: World) -> None:
    world.rule(AlertKind.PACKS_LAPSE, 7)
    for packs in (1, 2):
        order = PackOrder(packs=packs, at_us=world.now_us)
        world.billing(lambda ledger, order=order: buy_packs(ledger, order, now_us=world.now_us))
        world.now_us += 10 * DAY_US
    first_us = world.now_us + 40 * DAY_US
    world.now_us = first_us - WEEK_US - SECOND_US
    assert world.check() == []
    world.now_us += SECOND_US
    for _ in range(2):
        assert world.check() == [("7", "fired")]
    assert (world.sent[0]["value"], world.sent[0]["left"], world.sent[0]["on"]) == ("7", "10", "2026-12-10")
    title, sentence, link = world.message()
    assert (title, link) == ("10 sessions lapse on 10 Dec 2026", "/a/acme/admin/billing/purchases")
    assert sentence == "10 sessions of packs are left. They lapse unused then."
    world.now_us = first_us + 3 * DAY_US
    assert len(world.check()) == 2
    assert world.sent[-1]["left"] == "20"


def test_a_statement_that_adjusts_an_earlier_cycle_is_told_of(world: World) -> None:
    world.rule(AlertKind.STATEMENT, moments=frozenset({StatementMoment.ADJUSTED}))
    world.sessions(11)
    late_us = world.now_us
    for month in ("11", "12"):
        world.now_us = us_from_text(f"2026-{month}-05T00:00:00Z")
        world.billing(lambda ledger: close_due(ledger, now_us=world.now_us))
        # October's own adjusts nothing.
        assert len(world.check()) == (month == "12")
        with world.ledgers.writing("acme") as ledger:
            late = event_at(f"late{month}", late_us, customer_id=f"late{month}", conversation_id=f"late{month}")
            append_events(ledger, late, now_us=world.now_us)
    assert world.check() == [("adjusted", "fired")]
    said = world.sent[0]
    assert (said["number"], said["statement_day"]) == ("ACME-000002", "2026-11-01")
    assert world.message() == (
        "Statement ACME-000002 adjusts earlier cycles",
        "It has the differences, with sessions and reasons.",
        "/a/acme/admin/billing/statements/ACME-000002",
    )
    assert Notification.objects.count() == 1


def would_have_fired(world: World, kind: AlertKind, *levels: int) -> tuple[Decimal, ...] | None:
    with world.ledgers.reading("acme") as ledger:
        alert = Alert(kind=kind, levels=tuple(map(Decimal, levels)))
        before = last_cycle(alert, ledger, now_us=world.now_us, cache=BillCache())
    assert before is None or before.cycle.start_us == START_US
    return None if before is None else before.levels


def test_levels_of_the_cycle_before_are_known_only_where_its_end_says_them(world: World) -> None:
    world.sessions(12)
    assert would_have_fired(world, AlertKind.USAGE, 100) is None
    world.now_us += 30 * DAY_US
    assert would_have_fired(world, AlertKind.USAGE, 100, 120, 121) == (100, 120)
    assert would_have_fired(world, AlertKind.SESSIONS, 12, 13) == (12,)
    assert would_have_fired(world, AlertKind.MONEY, 1, 2) == (1,)
    # No figure of a cycle is as it was then.
    assert would_have_fired(world, AlertKind.SPIKE, 2) is None
    order = PackOrder(packs=1, at_us=START_US + DAY_US)
    world.billing(lambda ledger: buy_packs(ledger, order, now_us=world.now_us))
    # Until the pack was bought, more of the balance was used.
    assert would_have_fired(world, AlertKind.USAGE, 100) is None
    assert would_have_fired(world, AlertKind.MONEY, 5, 6) == (5,)
