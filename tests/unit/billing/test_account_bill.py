"""Bills read each session under the policies of the plan in force at its start."""

from decimal import Decimal

import pytest

from botmeter.billing.account_bill import open_cycle_bill
from botmeter.billing.plan import Beyond, Meter, Plan
from botmeter.billing.plan_actions import set_plan
from botmeter.billing.rated import funding_texts
from botmeter.billing.statement_list import session_list
from botmeter.domain.instant import us_from_text
from support.ledgers import append_events, event, ledger_in_memory

MARCH, NOW = us_from_text("2026-03-01T00:00:00Z"), us_from_text("2026-03-20T00:00:00Z")
PRICED = Meter(beyond=Beyond(kind="price", price=Decimal(1)))
APART = Meter(policies=("dialogflow.request",), beyond=Beyond(kind="price", price=Decimal(10)))


@pytest.mark.slow
def test_a_change_of_plan_within_a_cycle_may_change_the_number_of_meters() -> None:
    for first, second, totals, counts in (
        ((PRICED, APART), (PRICED,), "23.00", [3, 2]),
        ((PRICED,), (PRICED, APART), "13.00", [3, 1]),
        ((APART,), (PRICED,), "21.00", [3]),
    ):
        ledger = ledger_in_memory()
        days = ("2026-03-02", "2026-03-04", "2026-03-12")
        append_events(ledger, *(event(f"e{day}", f"{day}T10:00", customer_id=day, conversation_id=day) for day in days))
        plans = [Plan(name=name, currency="USD", meters=meters) for name, meters in (("one", first), ("two", second))]
        set_plan(ledger, plans[0], from_us=MARCH, now_us=MARCH)
        set_plan(ledger, plans[1], from_us=us_from_text("2026-03-10T00:00:00Z"), now_us=MARCH)
        bill = open_cycle_bill(ledger, NOW)
        assert bill is not None
        assert str(bill.rated.total) == totals
        assert [len(table) for table in bill.sessions] == counts
        assert {text for meter in bill.rated.meters for text in funding_texts(meter).to_pylist()} == {"beyond"}
        assert len(session_list(bill.sessions, bill.rated.meters)) == sum(counts)
