"""Rules of closing that billing systems broke: zones, late events, taxes, currencies, erasures, backups."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.ledgers import append_events, event, ledger_in_memory, made_account
from tests.unit.billing.test_closing import document, plan, set_plan, visits

from botmeter.billing.account_statements import preliminary_document
from botmeter.billing.closing import close_due, close_ended
from botmeter.billing.plan import Beyond, CycleRule, Meter
from botmeter.billing.printed_lines import printed_lines
from botmeter.billing.statement_verify import verify_statements
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.plan_terms import set_grace_days
from botmeter.ledger.billing.purchases import Purchase, add_purchase, reverse_purchase
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions

MARCH, APRIL, MAY, JUNE = (us_from_text(f"2026-0{month}-01T00:00:00Z") for month in range(3, 7))
PRICED = Meter(beyond=Beyond(kind="price", price=Decimal("0.10")))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Asia/Kolkata", "Pacific/Honolulu", "UTC"])
def test_a_cycle_of_any_zone_is_closed_once(zone: str) -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(cycle=CycleRule(timezone=zone, anchor=date(2026, 3, 1))))
    first = close_due(ledger, now_us=MAY + 4 * DAY_US)
    assert close_due(ledger, now_us=MAY + 4 * DAY_US) == []
    cycles = [document(each)["cycle"] for each in first]
    # The plan begins at midnight UTC, which is another day there.
    assert [cycle["last_day"] for cycle in cycles][-2:] == ["2026-03-31", "2026-04-30"]
    assert [each.number for each in closed_statements(ledger)] == [f"ACME-00000{n + 1}" for n in range(len(cycles))]


@pytest.mark.parametrize(
    ("closed_after_days", "adjusted"),
    [(None, False), (1, True)],
    ids=["before it is closed, in grace", "after it was closed by hand"],
)
def test_the_last_session_of_a_cycle_counts_there_however_late(closed_after_days: int | None, adjusted: bool) -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(meters=(PRICED,)))
    if closed_after_days is not None:
        close_ended(ledger, now_us=APRIL + closed_after_days * DAY_US)
    append_events(ledger, event("last", "2026-03-31T23:59:59.999Z"), now_us=APRIL + 2 * DAY_US)
    close_due(ledger, now_us=MAY + 3 * DAY_US)
    march, april = closed_statements(ledger)
    assert document(march)["usage"]["sessions"] == (0 if adjusted else 1)
    assert document(april)["usage"]["sessions"] == 0
    assert bool(document(april)["adjustments"]) is adjusted


def test_a_change_of_the_grace_closes_and_reopens_nothing() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan())
    set_grace_days(ledger, 10, now_us=MARCH)
    assert close_due(ledger, now_us=APRIL + 9 * DAY_US) == []
    (march,) = close_due(ledger, now_us=APRIL + 10 * DAY_US)
    set_grace_days(ledger, 28, now_us=APRIL + 11 * DAY_US)
    assert closed_statements(ledger) == [march]


def test_a_preliminary_statement_is_what_closing_gives() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(tax_rate=Decimal("0.19")))
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    before = preliminary_document(ledger, date(2026, 3, 31), now_us=APRIL + DAY_US)
    (closed,) = close_due(ledger, now_us=APRIL + 3 * DAY_US)
    added = {"number", "closed_at", "closed_by", "previous"}
    after = document(closed)
    assert {key: before[key] for key in before if key not in added} == {
        key: after[key] for key in after if key not in added
    }


def test_tax_is_rounded_once_and_adjusted_at_the_rate_of_its_cycle() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(meters=(PRICED,), fee=Decimal("0.11"), tax_rate=Decimal("0.19")))
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    set_plan(ledger, plan(name="other", meters=(PRICED,), fee=Decimal("0.11"), tax_rate=Decimal("0.07")), from_us=APRIL)
    (march,) = close_due(ledger, now_us=APRIL + 3 * DAY_US)
    # 0.41 × 0.19 = 0.0779, not 0.0209 + 0.057 rounded one by one.
    assert document(march)["tax"] == {"rate": "0.19", "taxable": "0.41", "amount": "0.08"}
    append_events(ledger, *visits("2026-03-05"))
    (april,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    stated = document(april)
    # 0.51 × 0.19 = 0.0969.
    assert stated["adjustments"][0]["tax"] == {"rate": "0.19", "before": "0.08", "after": "0.10", "difference": "0.02"}
    assert stated["tax"]["rate"] == "0.07"
    assert sum(line.amount for line in printed_lines(stated)) == Decimal(stated["total"])


@pytest.mark.slow
def test_an_older_cycle_in_another_currency_is_adjusted_by_a_statement_of_its_own() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(meters=(PRICED,)))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    set_plan(ledger, plan(name="yen", currency="JPY", fee=Decimal(500)), from_us=MAY)
    append_events(ledger, *visits("2026-03-05"))
    append_events(ledger, *visits("2026-04-05"))
    april = close_due(ledger, now_us=JUNE + 3 * DAY_US)
    assert [(each.currency, document(each)["total"]) for each in april] == [("EUR", "10.20"), ("JPY", "500")]
    append_events(ledger, *visits("2026-04-06"))
    closed = close_due(ledger, now_us=JUNE + 33 * DAY_US)
    assert [(each.currency, document(each)["total"], document(each)["plans"]) for each in closed] == [
        ("EUR", "0.10", []),
        ("JPY", "500", ["yen@1"]),
    ]
    assert verify_statements(ledger) == []


@pytest.mark.slow
def test_a_purchase_reversed_in_a_closed_cycle_is_credited_and_a_void_session_gives_no_pack_back() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan())
    bought = Purchase(packs=1, pack_units=Decimal(2), pack_price=Decimal("3.00"), from_at=MARCH, expires_at=APRIL)
    number = add_purchase(ledger, bought, now_us=MARCH).number
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    session_id = billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"][2].as_py()
    correct_session(ledger, session_id, kind=CorrectionKind.VOID, reason="a loop", now_us=APRIL + 4 * DAY_US)
    (april,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert document(april)["adjustments"][0]["lines"] == []
    reverse_purchase(ledger, number, reason="typed twice", now_us=MAY + 4 * DAY_US)
    (may,) = close_due(ledger, now_us=JUNE + 3 * DAY_US)
    [line] = document(may)["adjustments"][0]["lines"]
    assert (line["kind"], line["difference"]) == ("purchase", "-3.00")


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    with Folder.owned(tmp_path / "data", purpose="a test") as owned:
        made_account(owned)
        with owned.ledger("acme") as ledger:
            set_plan(ledger, plan())
            append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
            close_due(ledger, now_us=APRIL + 3 * DAY_US)
        yield owned


def verified(folder: Folder, name: str = "acme") -> tuple[int, list[Any]]:
    with folder.ledger(name) as ledger:
        return len(closed_statements(ledger)), verify_statements(ledger)


@pytest.mark.slow
def test_an_erasure_changes_no_statement(folder: Folder) -> None:
    erase(folder, "acme", customer_id="c2026-03-02")
    assert verified(folder) == (1, [])
    with folder.ledger("acme") as ledger:
        (april,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert document(april)["adjustments"] == []


@pytest.mark.slow
def test_a_backup_has_the_statements_with_their_lists(folder: Folder) -> None:
    backup(folder, "acme", path=folder.path / "backup.tar")
    restore(folder, folder.path / "backup.tar", name="second")
    assert verified(folder, "second") == (1, [])


def test_an_account_without_a_plan_has_nothing_to_close(tmp_path: Path) -> None:
    ledger: Ledger = ledger_in_memory()
    assert close_due(ledger, now_us=APRIL) == []
    assert verify_statements(ledger) == []
