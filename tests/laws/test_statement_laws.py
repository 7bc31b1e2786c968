"""Laws of statements, for late events, corrections, purchases, plan changes, merges and erasures in any order."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import append_events, event, made_account

from botmeter.billing.account_bill import account_plans, rated_cycles
from botmeter.billing.closing import close_ended
from botmeter.billing.focus_files import statement_focus
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Tier
from botmeter.billing.plan_terms import timeline
from botmeter.billing.plan_text import plan_as_json
from botmeter.billing.printed_lines import printed_lines
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import Document
from botmeter.billing.statement_list import session_list
from botmeter.billing.statement_verify import verify_statements
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.errors import BotmeterError, Conflict
from botmeter.domain.instant import DAY_US, text_from_us, us_from_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.closed_statements import closed_statements, stated_sessions
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session, corrections, undo_correction
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.billing.purchases import Purchase, add_purchase, purchases, reverse_purchase
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions
from support.examples import examples

START = us_from_text("2026-01-31T00:00:00Z")
CUSTOMERS = [f"c{number}" for number in range(6)]
Step = Callable[[], None]


def plans(random: Random) -> Plan:
    """A plan whose cycles are months, with every kind of price."""
    cheap, dear = Tier(up_to=2, price=Decimal("0.333"), flat=Decimal("0.50")), Tier(price=Decimal("0.2"))
    beyond = random.choice(
        [
            Beyond(kind="stop"),
            Beyond(kind="price", price=Decimal("0.125")),
            Beyond(kind="price", price=Decimal("0.5"), cap=Decimal("1.20")),
            Beyond(kind="graduated", tiers=(cheap, dear)),
            Beyond(kind="volume", tiers=(cheap, dear)),
            Beyond(kind="package", price=Decimal("2.00"), sessions=3),
        ]
    )
    per = random.choice(["cycle", "account"])
    meter = Meter(
        allowance=Allowance(sessions=random.choice([0, 3]), per=per, forfeited_on_purchase=random.random() < 0.3),
        pack=Pack(sessions=4, price=Decimal("3.00"), lapses=random.choice(["cycle_end", "never", "45d"])),
        beyond=beyond,
        previews=random.choice(["charged", "free"]),
        test=random.choice(["charged", "free"]),
    )
    return Plan(
        name=f"p{random.randrange(10**6)}",
        currency=random.choice(["EUR", "JPY"]),
        meters=(meter,),
        cycle=CycleRule(timezone=random.choice(["UTC", "Pacific/Auckland"])),
        fee=random.choice([Decimal(0), Decimal(4)]),
        minimum=random.choice([Decimal(0), Decimal(7)]),
        tax_rate=random.choice([None, Decimal("0.19")]),
    )


class Account:
    """An account whose clock goes on, and to which things happen."""

    def __init__(self, folder: Folder, random: Random) -> None:
        self.folder, self.random = folder, random
        self.now_us = START
        self.event_count = 0
        with folder.ledger("acme") as ledger:
            self.set_plan(ledger)

    def steps(self) -> list[Callable[[Ledger], object]]:
        return [
            self.send,
            self.send,
            self.send,
            self.correct,
            self.undo,
            self.buy,
            self.reverse,
            self.merge,
            self.label,
            self.close,
        ]

    def send(self, ledger: Ledger) -> None:
        """Some sessions now, some late."""
        for _ in range(self.random.randint(1, 6)):
            self.event_count += 1
            late_us = self.random.choice([0, 0, DAY_US // 3, 20 * DAY_US, 60 * DAY_US])
            at_us = max(START, self.now_us - self.random.randrange(DAY_US) - late_us)
            sent = event(
                f"e{self.event_count}",
                text_from_us(at_us),
                customer_id=self.random.choice(CUSTOMERS),
                bot_id=self.random.choice(["b1", "b2", None]),
                preview=self.random.random() < 0.2,
            )
            append_events(ledger, sent, now_us=self.now_us + DAY_US)

    def correct(self, ledger: Ledger) -> None:
        ids = billed_sessions(ledger, START, end_us=self.now_us + DAY_US)["session_id"].to_pylist()
        if ids:
            kind = self.random.choice(list(CorrectionKind))
            correct_session(ledger, self.random.choice(ids), kind=kind, reason="a reason", now_us=self.now_us)

    def undo(self, ledger: Ledger) -> None:
        if stored := corrections(ledger):
            undo_correction(ledger, self.random.choice(stored).number, reason="a reason", now_us=self.now_us)

    def buy(self, ledger: Ledger) -> None:
        expires_us = self.random.choice([None, self.now_us + 10 * DAY_US, self.now_us + 45 * DAY_US])
        bought = Purchase(
            packs=self.random.randint(1, 2),
            pack_units=Decimal(4),
            pack_price=self.random.choice([Decimal("3.00"), Decimal("2.50")]),
            from_at=self.now_us,
            expires_at=expires_us,
        )
        add_purchase(ledger, bought, now_us=self.now_us)

    def reverse(self, ledger: Ledger) -> None:
        if stored := purchases(ledger):
            reverse_purchase(ledger, self.random.choice(stored).number, reason="a reason", now_us=self.now_us)

    def merge(self, ledger: Ledger) -> None:
        customer, alias = self.random.sample(CUSTOMERS, 2)
        merge_customers(ledger, [SameCustomer(customer_id=customer, alias=alias)], now_us=self.now_us)

    def label(self, ledger: Ledger) -> None:
        """A cost centre of a bot or channel, perhaps none, from a day of any cycle on."""
        subject = self.random.choice([{"bot_id": "b1"}, {"bot_id": "b2"}, {"channel": "web"}])
        day_on = day_of_us(self.now_us - self.random.randrange(60) * DAY_US)
        name = self.random.choice(["Sales", "Service", ""])
        set_cost_centre(ledger, CostCentreTerm(from_on=day_on, cost_centre=name, **subject), now_us=self.now_us)

    def set_plan(self, ledger: Ledger) -> None:
        """A plan from the end of the running cycle on, so that it may have another currency or zone."""
        running = account_plans(ledger)
        from_us = START if running is None else timeline(running.terms, self.now_us + 1)[-1].cycle.end_us
        plan = plans(self.random)
        change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
        add_plan_term(ledger, change, now_us=self.now_us)

    def close(self, ledger: Ledger) -> None:
        closed = close_ended(ledger, now_us=self.now_us)
        differences = verify_statements(ledger)
        if closed:
            assert differences == []
            assert_law(ledger)
        # What came since the last closing waits for the next one.
        assert all(each.is_pending for each in differences)
        before = closed_statements(ledger)
        assert close_ended(ledger, now_us=self.now_us) == []
        assert closed_statements(ledger) == before

    def erase(self) -> None:
        with suppress(BotmeterError):
            erase(self.folder, "acme", customer_id=self.random.choice(CUSTOMERS))


def assert_law(ledger: Ledger) -> None:
    """Statements and adjustments are what rating everything again gives: in money, in tax, and session by session."""
    statements = closed_statements(ledger)
    stated: dict[str, Decimal] = defaultdict(Decimal)
    for each in statements:
        document = read_document(each)
        assert sum((line.amount for line in printed_lines(document)), Decimal(0)) == Decimal(document["total"]) >= 0
        focus = statement_focus(ledger, each)
        assert (pc.sum(focus["BilledCost"]).as_py() or 0) == Decimal(document["total"])
        assert (pc.sum(focus["ConsumedQuantity"]).as_py() or 0) == document["usage"]["sessions"]
        assert_shares_add_up(document)
        assert [line["kind"] for line in document["lines"]].count("carried") <= 2
        own = (line.amount for line in printed_lines(document) if line.kind != "carried")
        stated[each.currency] += sum(own, Decimal(0))
    plans = account_plans(ledger)
    assert plans is not None
    rated: dict[str, Decimal] = defaultdict(Decimal)
    cycles = timeline(plans.terms, max(plans.closed.values(), default=START))
    for account_cycle, sessions, result in rated_cycles(ledger, cycles, plans=plans):
        if account_cycle.cycle.start_us in plans.closed:
            rated[result.plan.currency] += result.total
            kept = stated_sessions(ledger, account_cycle.cycle.start_us)
            assert kept.to_pylist() == session_list(sessions, result.meters).to_pylist()
    assert {money: amount for money, amount in stated.items() if amount} == {
        money: amount for money, amount in rated.items() if amount
    }


def assert_shares_add_up(document: Document) -> None:
    """By bot, by channel and by cost centre, with what no session caused: the total and the sessions."""
    shares = document["shares"]
    for name in ("bots", "channels", "cost_centres"):
        parts = [Decimal(part["amount"]) for part in (*shares[name], *shares["unattributed"])]
        assert sum(parts, Decimal(0)) == Decimal(document["total"])
        if document["plans"]:
            assert sum(part["sessions"] for part in shares[name]) == document["usage"]["sessions"]


# Each example closes up to six cycles, and meters and rates everything again each time: 4 seconds of processor time.
@pytest.mark.slow
@examples(cost=30, shrinks=False)
@given(st.integers(0, 2**32))
def test_statements_and_adjustments_are_what_rating_everything_again_gives(seed: int) -> None:
    assert_law_of(Random(seed))


def assert_law_of(random: Random) -> None:
    with TemporaryDirectory() as directory, Folder.owned(Path(directory) / "data", purpose="a test") as folder:
        made_account(folder)
        account = Account(folder, random)
        for _ in range(4):
            for _ in range(5):
                with folder.ledger("acme") as ledger, suppress(BotmeterError):
                    random.choice(account.steps())(ledger)
            if random.random() < 0.3:
                account.erase()
            if random.random() < 0.3:
                with folder.ledger("acme") as ledger, suppress(Conflict):
                    account.set_plan(ledger)
            account.now_us += random.randrange(10, 40) * DAY_US
            with folder.ledger("acme") as ledger:
                account.close(ledger)
