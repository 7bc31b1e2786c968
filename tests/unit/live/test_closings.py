"""The server closes cycles and records the purchases that plans make."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.ledgers import made_account

from botmeter.billing.plan import CycleRule, Meter, Pack, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import DAY_US, now_us
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.billing.purchases import purchases
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.closings import closings

NOW = now_us()


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[OpenLedgers]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        made_account(folder)
        opened = OpenLedgers(folder)
        yield opened
        opened.close()


def set_plan(ledgers: OpenLedgers, meter: Meter, *, from_us: int) -> None:
    plan = Plan(name="simple", currency="EUR", meters=(meter,), cycle=CycleRule(every="month"))
    change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
    with ledgers.writing("acme") as ledger:
        add_plan_term(ledger, change, now_us=from_us)


def test_the_server_closes_cycles_whose_grace_is_over_once(ledgers: OpenLedgers) -> None:
    set_plan(ledgers, Meter(), from_us=NOW - 70 * DAY_US)
    rounds = closings(ledgers)
    rounds.check_all()
    rounds.check_all()
    with ledgers.reading("acme") as ledger:
        closed = closed_statements(ledger)
    assert [(each.number, each.closed_by) for each in closed] == [("ACME-000001", None), ("ACME-000002", None)]


def test_packs_of_a_cycles_start_are_recorded_once(ledgers: OpenLedgers) -> None:
    pack = Pack(sessions=100, price=Decimal("49.00"), least_per_cycle=2)
    set_plan(ledgers, Meter(pack=pack), from_us=NOW - 40 * DAY_US)
    rounds = closings(ledgers)
    rounds.check_all()
    rounds.check_all()
    with ledgers.reading("acme") as ledger:
        assert [(each.purchase.how, each.purchase.packs) for each in purchases(ledger)] == [("least", 2)] * 2
