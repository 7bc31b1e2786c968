"""Live events buy packs when they are settled in order."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.ledgers import append_events, event_at, made_account
from tests.support.live_batches import live_batch

from botmeter.billing.plan import Allowance, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.billing.purchases import purchases
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settle import settle
from botmeter.live.closings import closings
from botmeter.live.store import LedgerStore

SECOND = MICROSECONDS_PER_SECOND
PACK = Pack(sessions=2, price=Decimal("49.00"))


class World:
    """An account whose live events are settled one after the other."""

    def __init__(self, folder: Folder) -> None:
        self.ledgers = OpenLedgers(folder)
        self.store = LedgerStore(self.ledgers)
        made_account(folder)
        self._count = 0
        self._now_us = now_us()

    def plan(self, *, included: int, below: int, most: int | None = None) -> None:
        meter = Meter(
            allowance=Allowance(sessions=included),
            pack=PACK,
            recharge=Recharge(below=below, most_per_cycle=most),
        )
        from_us = now_us() - 2 * DAY_US
        # A calendar month could end among the sessions.
        cycle = CycleRule(every="month", anchor=day_of_us(from_us))
        plan = Plan(name="simple", currency="EUR", meters=(meter,), cycle=cycle)
        change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
        with self.ledgers.writing("acme") as ledger:
            add_plan_term(ledger, change, now_us=from_us)

    def live(self, *seconds_ago: int) -> None:
        """Settle a session that started at each of these times, in one commit."""
        self.store.commit("acme", [live_batch([self._event(ago) for ago in seconds_ago])])
        self.store.settle("acme")

    def settled_before_a_crash(self, *seconds_ago: int) -> None:
        """Settle, and lose the process before packs are bought."""
        self.store.commit("acme", [live_batch([self._event(ago) for ago in seconds_ago])])
        with self.ledgers.settling("acme") as ledger:
            settle(ledger, now_us=now_us())
        self.store = LedgerStore(self.ledgers)

    def imported(self, *seconds_ago: int) -> None:
        with self.ledgers.writing("acme") as ledger:
            append_events(ledger, *(self._event(ago) for ago in seconds_ago), now_us=now_us())

    def checked(self) -> None:
        """Do what the server does each minute."""
        closings(self.ledgers, recharges=self.store.recharges).check_all()

    def bought(self) -> list[int]:
        """Seconds before the test from which recharged packs can be used."""
        with self.ledgers.reading("acme") as ledger:
            return [(self._now_us - each.purchase.from_at) // SECOND for each in purchases(ledger)]

    def _event(self, seconds_ago: int) -> dict[str, object]:
        self._count += 1
        at_us = self._now_us - seconds_ago * SECOND
        return event_at(f"e{self._count}", at_us, customer_id=f"c{self._count}", conversation_id=f"v{self._count}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        made = World(folder)
        yield made
        made.ledgers.close()


@pytest.mark.slow
def test_the_session_that_leaves_too_little_buys_at_its_own_start(world: World) -> None:
    world.plan(included=3, below=2)
    world.live(900)
    assert world.bought() == []
    world.live(800)
    assert world.bought() == [800]
    world.live(700, 600, 500)
    assert world.bought() == [800, 600]


@pytest.mark.slow
def test_imported_history_and_late_events_never_buy(world: World) -> None:
    world.plan(included=3, below=3)
    world.imported(1000, 900)
    world.live(950)
    assert world.bought() == []
    # What is left is still too little, so the next session in order buys.
    world.live(100)
    assert world.bought() == [100]


def test_events_that_waited_for_the_server_buy_in_order(world: World) -> None:
    world.plan(included=1, below=1)
    world.live(30_000, 20_000, 10_000)
    assert world.bought() == [30_000, 10_000]


@pytest.mark.slow
def test_no_more_is_bought_than_the_plan_allows_in_a_cycle(world: World) -> None:
    world.plan(included=1, below=5, most=2)
    world.live(900, 800, 700, 600)
    world.live(500)
    assert world.bought() == [900, 800]


@pytest.mark.slow
def test_sessions_counted_elsewhere_are_seen_when_enough_was_left(world: World) -> None:
    world.plan(included=6, below=2)
    world.live(900)
    world.imported(850, 840, 830)
    world.live(800)
    assert world.bought() == [800]


@pytest.mark.parametrize("restarted", [World.live, World.checked])
def test_a_crash_between_settling_and_buying_moves_no_purchase(world: World, restarted: Callable[..., None]) -> None:
    world.plan(included=3, below=2)
    world.settled_before_a_crash(900, 800)
    world.imported(700)
    assert world.bought() == []
    restarted(world)
    assert world.bought() == [800], "not the import, and no session that is settled later"
    restarted(world)
    assert world.bought() == [800]


def test_an_account_without_a_plan_settles_as_ever(world: World) -> None:
    world.live(900)
    assert world.bought() == []
