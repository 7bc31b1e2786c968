"""Plans, packs and opening balances are recorded only where they can be, each refusal with a sentence."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from botmeter.billing.account_facts import account_facts, account_terms
from botmeter.billing.closing import close_ended
from botmeter.billing.opening import UnitsLeft, opening_balance, set_opening
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan
from botmeter.billing.plan_actions import (
    PackOrder,
    buy_packs,
    next_cycle_us,
    plan_start_us,
    remove_packs,
    set_plan,
    withdraw_plan,
)
from botmeter.billing.plan_terms import timeline
from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import FRESHCHAT
from support.ledgers import append_events, event, ledger_in_memory

NOW = us_from_text("2026-03-10T12:00:00Z")
MARCH, APRIL = us_from_text("2026-03-01T00:00:00Z"), us_from_text("2026-04-01T00:00:00Z")
PACKS = Plan(
    name="packs",
    currency="USD",
    meters=(
        Meter(
            policies=("freshchat.session",),
            allowance=Allowance(sessions=500, per="account"),
            pack=Pack(sessions=100, price=Decimal("49.00"), recurring=True),
        ),
    ),
)
PRICE = Plan(name="price", currency="USD", meters=(Meter(beyond=Beyond(kind="price", price=Decimal("0.10"))),))


@pytest.fixture
def ledger() -> Ledger:
    return ledger_in_memory()


@pytest.fixture
def with_packs(ledger: Ledger) -> Ledger:
    set_plan(ledger, PACKS, from_us=MARCH, now_us=NOW, by="ann")
    return ledger


@pytest.mark.parametrize(
    ("rule", "from_on", "start", "next_start"),
    [
        (CycleRule(), None, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        (CycleRule(anchor=date(2026, 1, 15)), None, "2026-02-15T00:00:00Z", "2026-03-15T00:00:00Z"),
        (CycleRule(every="year", anchor=date(2027, 1, 1)), None, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (CycleRule(timezone="Asia/Kolkata"), None, "2026-02-28T18:30:00Z", "2026-03-31T18:30:00Z"),
        (CycleRule(timezone="Asia/Kolkata"), date(2026, 3, 5), "2026-03-04T18:30:00Z", "2026-03-31T18:30:00Z"),
    ],
)
def test_the_first_plan_begins_with_the_present_cycle(
    ledger: Ledger, rule: CycleRule, from_on: date | None, start: str, next_start: str
) -> None:
    plan = Plan(name="x", currency="USD", cycle=rule)
    assert plan_start_us(ledger, plan, from_on=from_on, now_us=NOW) == us_from_text(start)
    assert next_cycle_us(ledger, plan, now_us=NOW) == us_from_text(next_start)


def test_a_later_plan_begins_with_the_next_cycle(with_packs: Ledger) -> None:
    assert plan_start_us(with_packs, PRICE, from_on=None, now_us=NOW) == APRIL
    assert next_cycle_us(with_packs, PRICE, now_us=NOW) == APRIL
    set_plan(with_packs, PRICE, from_us=APRIL, now_us=NOW)
    terms = account_terms(with_packs)
    assert [(term.plan, term.from_us) for term in terms] == [(PACKS, MARCH), (PRICE, APRIL)]
    assert [each.plan for each in timeline(terms, APRIL + 1)] == [PACKS, PRICE]


def test_policies_are_pinned_with_their_definition(with_packs: Ledger) -> None:
    assert account_terms(with_packs)[0].policies == ((FRESHCHAT,),)
    assert json.loads(plan_terms(with_packs)[0].policies) == {
        "freshchat.session@1": {"max_duration": "1d", "name": "freshchat.session", "version": 1}
    }
    set_plan(with_packs, PRICE, from_us=APRIL, now_us=NOW)
    assert account_terms(with_packs)[1].policies == ((),), "the account's own"


def test_sessions_under_another_policy_are_metered_when_the_plan_is_set_and_dropped_when_it_is_withdrawn(
    with_packs: Ledger,
) -> None:
    def metered() -> int:
        row = with_packs.connection.execute("SELECT count(*) FROM plan_session").fetchone()
        assert row is not None
        return int(row[0])

    append_events(with_packs, *(event(f"e{hour}", f"2026-04-02T{hour:02}:00") for hour in range(3)))
    assert metered() == 0
    other = Plan(name="requests", currency="USD", meters=(Meter(policies=("lex.request@1",)),))
    set_plan(with_packs, other, from_us=APRIL, now_us=NOW)
    assert metered() == 3
    withdraw_plan(with_packs, None, reason="set by mistake", now_us=NOW)
    assert metered() == 0
    assert [term.plan for term in account_terms(with_packs)] == [PACKS]


def test_packs_have_the_size_price_and_expiry_of_the_plan_in_force(with_packs: Ledger) -> None:
    bought = buy_packs(with_packs, PackOrder(packs=3, at_us=NOW - DAY_US), now_us=NOW, reason="campaign")
    assert (bought.number, bought.is_new) == (1, True)
    purchase = account_facts(with_packs).purchases[0]
    assert (purchase.how, purchase.packs, purchase.pack_units, purchase.pack_price) == (
        "manual",
        3,
        Decimal(100),
        Decimal("49.00"),
    )
    assert (purchase.from_us, purchase.expires_us) == (NOW - DAY_US, APRIL)
    days = Pack(sessions=10, price=Decimal(1), lapses="90d")
    never = Pack(sessions=10, price=Decimal(1), lapses="never")
    set_plan(
        with_packs,
        Plan(name="two", currency="USD", meters=(Meter(pack=days), Meter(pack=never))),
        from_us=APRIL,
        now_us=NOW,
    )
    for meter in (0, 1):
        buy_packs(with_packs, PackOrder(packs=1, meter=meter, at_us=APRIL), now_us=APRIL)
    assert [each.expires_us for each in account_facts(with_packs).purchases[1:]] == [APRIL + 90 * DAY_US, None]


def test_a_removal_counts_from_the_next_cycle_on(with_packs: Ledger) -> None:
    """20: what was bought is kept until the end of the cycle."""
    buy_packs(with_packs, PackOrder(packs=3, at_us=MARCH), now_us=NOW)
    assert remove_packs(with_packs, packs=1, now_us=NOW) == APRIL
    assert [(each.packs, each.from_us) for each in account_facts(with_packs).removals] == [(1, APRIL)]
    with pytest.raises(Refused, match=r"3 packs can't be removed: 2 would be bought again at 2026-04-01") as refused:
        remove_packs(with_packs, packs=3, now_us=NOW)
    assert refused.value.code == "packs_not_recurring"
    remove_packs(with_packs, packs=2, now_us=APRIL - 1)
    with pytest.raises(Refused, match="0 would be bought again at 2026-05-01"):
        remove_packs(with_packs, packs=1, now_us=APRIL)


def test_an_opening_balance_says_what_was_used_and_left(with_packs: Ledger) -> None:
    balance = opening_balance(
        account_terms(with_packs),
        as_of_us=NOW - DAY_US,
        allowance_used=Decimal(120),
        packs=[UnitsLeft(units=Decimal(40)), UnitsLeft(units=Decimal(250), expires_us=NOW + DAY_US)],
    )
    set_opening(with_packs, balance, now_us=NOW)
    opened = account_facts(with_packs).openings[0]
    assert (opened.as_of_us, opened.allowance_used) == (NOW - DAY_US, 120)
    assert [(pack.units_left, pack.pack_units, pack.expires_us) for pack in opened.packs] == [
        (40, 100, APRIL),
        (250, 250, NOW + DAY_US),
    ]


def opening(ledger: Ledger, **values: Any) -> int:
    balance = opening_balance(account_terms(ledger), **{"as_of_us": NOW, **values})
    return set_opening(ledger, balance, now_us=NOW)


EUROS = Plan(name="euros", currency="EUR")
UNKNOWN = Plan(name="u", currency="USD", meters=(Meter(policies=("nobody.rule",)),))
LATER = Plan(name="u", currency="USD", meters=(Meter(policies=("lex.request@2",)),))


REFUSED: tuple[tuple[Callable[[Ledger], object], str, str], ...] = (
    (
        lambda of: set_plan(of, PRICE, from_us=MARCH, now_us=NOW),
        "plan_instant_taken",
        "Plan packs@1 begins at 2026-",
    ),
    (lambda of: set_plan(of, EUROS, from_us=NOW, now_us=NOW), "plan_currency_changed", "here on 2026-04-01."),
    (
        lambda of: set_plan(of, PRICE, from_us=-1, now_us=NOW),
        "plan_day_invalid",
        "Plan price@1 can't begin at 1969-",
    ),
    (lambda of: set_plan(of, UNKNOWN, from_us=NOW, now_us=NOW), "policy_unknown", "Unknown policy 'nobody.rule'."),
    (lambda of: set_plan(of, LATER, from_us=NOW, now_us=NOW), "policy_unknown", "The preset is lex.request@1."),
    (
        lambda of: withdraw_plan(of, None, reason="x", now_us=NOW),
        "plan_term_unknown",
        "No plan begins later in account acme. Name the number of the one to withdraw: 1.",
    ),
    (lambda of: withdraw_plan(of, 7, reason="x", now_us=NOW), "plan_term_unknown", "has no plan term 7."),
    (
        lambda of: buy_packs(of, PackOrder(packs=1, at_us=NOW + 1), now_us=NOW),
        "purchase_in_future",
        "The purchase is dated 2026-03-10T12:00:00Z, which is in the future.",
    ),
    (
        lambda of: buy_packs(of, PackOrder(packs=1, at_us=MARCH - 1), now_us=NOW),
        "plan_missing",
        "The account has no plan at 2026-02-28T23:59:59Z.",
    ),
    (
        lambda of: buy_packs(of, PackOrder(packs=0, at_us=NOW), now_us=NOW),
        "purchase_invalid",
        "use 1 to 1,000,000 packs",
    ),
    (
        lambda of: buy_packs(of, PackOrder(packs=1, meter=1, at_us=NOW), now_us=NOW),
        "meter_unknown",
        "Its only meter is 0.",
    ),
    (lambda of: remove_packs(of, packs=0, now_us=NOW), "removal_invalid", "0 packs can't be removed."),
    (lambda of: opening(of, as_of_us=MARCH - 1), "plan_missing", "The account has no plan at"),
    (lambda of: opening(of, as_of_us=NOW + 1), "opening_balance_invalid", "which is in the future."),
    (
        lambda of: opening(of, allowance_used=Decimal(501)),
        "opening_balance_invalid",
        "501 units of the allowance are used, and plan packs@1 includes 500.",
    ),
    (
        lambda of: opening(of, packs=[UnitsLeft(units=Decimal(0))]),
        "opening_balance_invalid",
        "0 units are left of a p",
    ),
    (
        lambda of: opening(of, packs=[UnitsLeft(units=Decimal(5), expires_us=NOW)]),
        "opening_balance_invalid",
        "The 5 units left lapse at 2026-03-10T12:00:00Z, and nothing is left of them then.",
    ),
)


def test_what_can_not_be_is_refused(with_packs: Ledger) -> None:
    for action, code, sentence in REFUSED:
        with pytest.raises(Refused) as refused:
            action(with_packs)
        assert (refused.value.code, sentence in refused.value.message) == (code, True), refused.value.message
    assert len(plan_terms(with_packs, with_withdrawn=True)) == 1
    assert account_facts(with_packs).purchases == account_facts(with_packs).openings == ()


def test_a_plan_without_packs_sells_none(ledger: Ledger) -> None:
    set_plan(ledger, PRICE, from_us=MARCH, now_us=NOW)
    with pytest.raises(Refused, match=r"Plan price@1 sells no packs, so none can be bought\.") as refused:
        buy_packs(ledger, PackOrder(packs=1, at_us=NOW), now_us=NOW)
    assert refused.value.code == "plan_without_packs"
    with pytest.raises(Refused, match=r"Plan price@1 does not say when the 5 units left lapse\. Name the day\."):
        opening(ledger, packs=[UnitsLeft(units=Decimal(5))])
    once = Plan(name="once", currency="USD", meters=(Meter(pack=Pack(sessions=10, price=Decimal(1))),))
    set_plan(ledger, once, from_us=NOW, now_us=NOW)
    buy_packs(ledger, PackOrder(packs=1, at_us=NOW), now_us=NOW)
    with pytest.raises(Refused, match=r"1 pack can't be removed: 0 would be bought again"):
        remove_packs(ledger, packs=1, now_us=NOW)


def test_nothing_begins_in_a_closed_cycle(with_packs: Ledger) -> None:
    now = APRIL + 5 * DAY_US
    close_ended(with_packs, through=date(2026, 3, 31), now_us=now)
    actions: dict[str, Callable[[], object]] = {
        "Plan price@1 can't begin at": lambda: set_plan(with_packs, PRICE, from_us=NOW, now_us=now),
        "A purchase can't be dated": lambda: buy_packs(with_packs, PackOrder(packs=1, at_us=NOW), now_us=now),
        "An opening balance can't be set as of": lambda: opening(with_packs),
    }
    for subject, action in actions.items():
        with pytest.raises(
            Refused, match=f"{subject} 2026-03-10T12:00:00Z: statements are closed up to 2026-04-0"
        ) as r:
            action()
        assert r.value.code == "statement_closed"
    with pytest.raises(Refused, match="statement ACME-000001 was closed") as used:
        withdraw_plan(with_packs, 1, reason="x", now_us=now)
    assert used.value.code == "plan_term_used"
