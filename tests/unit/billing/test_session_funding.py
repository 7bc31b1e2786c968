"""Funding of one session, in words, with the line of its statement."""

from typing import Any

import pytest
from tests.support.ledgers import append_events, ledger_in_memory
from tests.unit.billing.test_closing import APRIL, MARCH, plan, set_plan, visits

from botmeter.billing.closing import close_due
from botmeter.billing.funding_words import CycleDocument, funding_words, line_position
from botmeter.billing.session_funding import BilledSession, SessionFunding, session_charge, session_fundings
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions


def pack(number: int, **changed: Any) -> dict[str, Any]:
    bought = {"packs": 1, "price": "49.00", "from": "2026-11-03T14:29:00Z"}
    return {"kind": "pack", "meter": 0, "number": number, **bought, **changed}


def line(tier: int | None, price: str, **changed: Any) -> dict[str, Any]:
    return {"kind": "beyond", "meter": 0, "tier": tier, "unit": "sessions", "unit_price": price, **changed}


PACKS = (pack(1, packs=3, price="45.00"), pack(4), pack(5, price="0"))
BOUGHT = {"kind": "purchase", "meter": 0, "tier": None, "unit": "packs", "unit_price": "49.00"}


@pytest.mark.parametrize(
    ("funding", "grants", "lines", "words", "position"),
    [
        ("allowance", PACKS, (), "Included in the plan", None),
        ("pack 4", PACKS, ({**BOUGHT, "unit_price": "45.00"}, BOUGHT), "Pack 4 of 5, bought on 3 Nov 2026", 2),
        ("pack 5", PACKS, (BOUGHT,), "Pack 5 of 5, of the opening balance", None),
        ("pack 9", PACKS, (), "Pack 9 of 9", None),
        ("beyond", PACKS, (line(None, "0.15"),), "Beyond allowance and packs, at $0.15", 1),
        (
            "beyond 2",
            PACKS,
            (line(1, "0.95"), line(2, "0.85")),
            "Beyond allowance and packs, second tier at $0.85",
            2,
        ),
        ("beyond 2", (), (line(1, "0.95"), line(2, "0.85")), "Second tier at $0.85", 2),
        ("beyond", (), (line(None, "0.10"),), "At $0.10", 1),
        (
            "beyond",
            PACKS,
            (line(None, "12.00", unit="packages"),),
            "Beyond allowance and packs, in packages at $12.00",
            1,
        ),
        ("beyond", PACKS, (line(None, "0.10"), line(None, "0.20")), "Beyond allowance and packs", 1),
        ("stopped", PACKS, (), "Stopped, not charged", None),
    ],
)
def test_funding_is_named_with_its_pack_or_price(
    funding: str, grants: Any, lines: Any, words: str, position: int | None
) -> None:
    cycle = CycleDocument(grants=grants, lines=lines, currency="USD", timezone="UTC")
    assert funding_words(funding, 0, cycle=cycle) == words
    assert line_position(funding, 0, cycle=cycle) == position


def funded(ledger: Ledger, number: int) -> SessionFunding:
    row = billed_sessions(ledger, MARCH, end_us=APRIL).to_pylist()[number]
    session = BilledSession(session_id=row["session_id"], started_at=row["started_at"], policy="freshchat.session@1")
    [funding] = session_fundings(ledger, session, now_us=APRIL - 1)
    return funding


@pytest.mark.slow
def test_a_session_is_funded_as_of_now_and_once_closed_as_its_statement_says() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    session = BilledSession(session_id="none", started_at=MARCH, policy="freshchat.session@1")
    assert session_fundings(ledger, session, now_us=APRIL) == ()
    set_plan(ledger, plan())
    assert (funded(ledger, 0).words, funded(ledger, 0).line) == ("Included in the plan", None)
    assert (funded(ledger, 2).words, funded(ledger, 2).line) == ("Beyond allowance and packs, at €1.00", 2)
    assert session_charge(funded(ledger, 2)).statement is None
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    third = funded(ledger, 2)
    assert (third.statement, third.line, third.is_pending) == ("ACME-000001", 2, False)
    last = billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"].to_pylist()[-1]
    correct_session(ledger, last, kind=CorrectionKind.VOID, reason="a loop", now_us=APRIL + 4 * DAY_US)
    third = funded(ledger, 2)
    assert (third.charge, third.funding, third.is_pending) == ("void", "beyond", True)
    assert session_charge(third).text == (
        "Charge of the cycle 1 – 31 Mar 2026 on statement ACME-000001: Beyond allowance and packs, at €1.00. "
        "The next statement changes it: the session is void."
    )
    append_events(ledger, *visits("2026-03-05"))
    late = funded(ledger, 3)
    assert (late.words, late.statement, late.is_pending) == ("Not on a statement yet", "", True)
