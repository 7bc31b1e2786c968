"""Alerts: values that check themselves, and crossings by levels and epochs."""

from decimal import Decimal
from typing import Any

import pytest
from tests.support.rating_cases import START_US, bought, cycle_with, plan_of

from botmeter.billing.alerts.alert import (
    Alert,
    AlertKind,
    StatementMoment,
    Target,
    alert_as_json,
    alert_from_json,
    levels_from_text,
)
from botmeter.billing.alerts.crossings import Crossings, Reading, new_crossings
from botmeter.billing.alerts.epochs import cycle_epoch, grant_epoch
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan import Meter
from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.budgets import BudgetScope


def usage(*levels: int) -> Alert:
    return Alert(kind=AlertKind.USAGE, levels=tuple(map(Decimal, levels)))


def at(value: int | str) -> Reading:
    return Reading(epoch="e", value=Decimal(value))


@pytest.mark.parametrize(
    ("value", "known", "fired", "superseded"),
    [
        (49, [], None, []),
        (50, [], "50", []),
        (70, ["50"], None, []),
        # Case 33: from 70 to 120 in one event sends one.
        (120, ["50"], "100", ["75"]),
        (120, [], "100", ["50", "75"]),
        # Case 33: falling back and rising again sends nothing.
        (80, ["50", "75", "100"], None, []),
        (130, ["50", "75", "100"], None, []),
        # A lower level without a row, whatever the reason, is superseded by the higher one that was sent.
        (120, ["100"], None, ["50", "75"]),
    ],
)
def test_only_the_highest_newly_crossed_level_fires(
    value: int, known: list[str], fired: str | None, superseded: list[str]
) -> None:
    crossings = new_crossings(usage(50, 75, 100), at(value), known=known)
    assert crossings == Crossings(fired=fired, superseded=tuple(superseded))


def test_fewer_days_until_packs_lapse_are_the_higher_level() -> None:
    alert = Alert(kind=AlertKind.PACKS_LAPSE, levels=(Decimal(3), Decimal(14)))
    assert new_crossings(alert, at("14.1"), known=()) == Crossings()
    assert new_crossings(alert, at(14), known=()) == Crossings(fired="14")
    assert new_crossings(alert, at("2.5"), known=()) == Crossings(fired="3", superseded=("14",))
    assert new_crossings(alert, at("2.5"), known=("14",)) == Crossings(fired="3")


def test_an_epoch_begins_with_a_cycle_a_change_of_plan_or_a_manual_purchase() -> None:
    plain, other, days = plan_of(Meter()), plan_of(Meter(), title="Other"), [START_US + n * DAY_US for n in range(10)]
    cycle, changed = cycle_with(plain), cycle_with(plain, other, changes=[days[3]])
    facts = CycleFacts(purchases=(bought(1, at_us=days[5], number=7),))
    by_plan = CycleFacts(
        purchases=tuple(bought(1, at_us=days[2], number=8, how=how) for how in ("recharge", "recurring", "least"))
    )
    start = cycle_epoch(cycle.cycle)
    assert start == "2026-10-01T00:00:00Z"
    assert grant_epoch(cycle, CycleFacts(), now_us=days[9]) == start
    assert grant_epoch(cycle, by_plan, now_us=days[9]) == start
    assert grant_epoch(cycle, facts, now_us=days[4]) == start
    assert grant_epoch(cycle, facts, now_us=days[5]) == f"{start}, purchase 7"
    assert grant_epoch(changed, facts, now_us=days[2]) == start
    assert grant_epoch(changed, facts, now_us=days[5]) == f"{start}, plan 2026-10-04T00:00:00Z, purchase 7"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"levels": ()}, "it has no level"),
        ({"levels": (0,)}, "its level is 0; use a number above 0"),
        ({"levels": (80, 50)}, "its levels are not in ascending order, each once"),
        ({"levels": (50, 50)}, "its levels are not in ascending order, each once"),
        ({"levels": ("NaN",)}, "its level is NaN; use a number above 0"),
        ({"levels": (10_001,)}, "its level is 10001 percent; the limit is 10,000"),
        ({"levels": tuple(range(1, 22))}, "it has 21 levels, and the limit is 20"),
        ({"kind": AlertKind.SESSIONS, "levels": ("1.5",)}, "its level is 1.5 sessions; use a whole number"),
        ({"kind": AlertKind.METERING_DELAY, "levels": (1,)}, "its level is 1 seconds; the least is 10"),
        ({"scope": BudgetScope.BOT, "name": "b1"}, "usage is of the account, and can't be of one bot"),
        ({"kind": AlertKind.MONEY, "scope": BudgetScope.CHANNEL}, "it names no channel"),
        ({"kind": AlertKind.MONEY, "name": "b1"}, "it names 'b1', but not whether that is a bot"),
        ({"kind": AlertKind.FORECAST}, "it does not say what the forecast is compared with"),
        ({"target": Target.MONEY}, "only a forecast is compared with money"),
        ({"kind": AlertKind.STATEMENT}, "an alert on statements has no levels"),
        ({"kind": AlertKind.STATEMENT, "levels": ()}, "it names no moment of a statement"),
        ({"moments": frozenset({StatementMoment.CLOSED})}, "an alert on usage names no moments of a statement"),
        ({"kind": AlertKind.SPIKE, "least_sessions": 0}, "its least number of sessions is 0; use 1 or more"),
    ],
)
def test_an_alert_that_cannot_be_is_refused(fields: dict[str, Any], fault: str) -> None:
    values = {"kind": AlertKind.USAGE, "levels": (80,), **fields}
    values["levels"] = tuple(Decimal(level) for level in values["levels"])
    with pytest.raises(Refused) as refused:
        Alert(**values)
    assert refused.value.code == "alert_invalid"
    assert fault in refused.value.message


def test_levels_are_read_as_people_type_them_or_refused() -> None:
    assert levels_from_text("100, 50; 75.5  50") == (Decimal(50), Decimal("75.5"), Decimal(100))
    for wrong in ("50%", "1,500", "half"):
        with pytest.raises(Refused, match="is not a level"):
            levels_from_text(wrong)


def test_stored_options_are_read_as_they_were() -> None:
    for alert in (
        usage(50, 100),
        Alert(kind=AlertKind.MONEY, levels=(Decimal("0.5"),), scope=BudgetScope.COST_CENTRE, name="Sales"),
        Alert(kind=AlertKind.FORECAST, levels=(Decimal(100),), target=Target.BUDGETS),
        Alert(kind=AlertKind.STATEMENT, moments=frozenset({StatementMoment.CLOSED, StatementMoment.ADJUSTED})),
        Alert(kind=AlertKind.SPIKE, levels=(Decimal(3),), least_sessions=5),
        Alert(kind=AlertKind.SILENT_SOURCE, levels=(Decimal(6),), name="web"),
    ):
        assert alert_from_json(alert.kind.value, alert_as_json(alert)) == alert
