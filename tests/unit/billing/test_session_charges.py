"""The charge of each session in reports and exports, which joins them with the bill."""

from datetime import date
from io import BytesIO
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from msgspec import UNSET
from tests.support.ledgers import append_events, event, ledger_in_memory

from botmeter.billing.account_statements import preliminary_document
from botmeter.billing.plan import Allowance, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.billing.session_charges import charges_between, charges_for, with_not_charged
from botmeter.domain.errors import Missing
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.export import Export, export_stream
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_lines import SessionLine
from botmeter.reports.row_options import ChargeFilter, Grain, RowOptions, SortKey
from botmeter.reports.row_pages import row_page
from botmeter.reports.usage import usage_report

MARCH, APRIL = us_from_text("2026-03-01T00:00:00Z"), us_from_text("2026-04-01T00:00:00Z")
DAYS = Period(first_on=date(2026, 2, 1), last_on=date(2026, 3, 31))


@pytest.fixture
def ledger() -> Ledger:
    """In March two sessions are included and others stopped, previews are free; one session before."""
    opened = ledger_in_memory()
    sessions = [
        event("e0", "2026-02-20T10:00", customer_id="c0"),
        event("e1", "2026-03-02T10:00", customer_id="c1"),
        event("e2", "2026-03-03T10:00", customer_id="c2", preview=True),
        event("e3", "2026-03-04T10:00", customer_id="c3", bot_id="b2"),
        event("e4", "2026-03-05T10:00", customer_id="c4", channel="sms"),
        event("e5", "2026-03-06T10:00", customer_id="c5"),
        event("e6", "2026-03-07T10:00", customer_id="c6", bot_id="b2"),
    ]
    append_events(opened, *sessions)
    return opened


def set_plan(ledger: Ledger) -> None:
    plan = Plan(name="p", currency="EUR", meters=(Meter(allowance=Allowance(sessions=2), previews="free"),))
    change = PlanChange(from_at=MARCH, label=plan.label, definition=plan_as_json(plan))
    add_plan_term(ledger, change, now_us=MARCH)
    ids = billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"].to_pylist()
    correct_session(ledger, ids[2], kind=CorrectionKind.VOID, reason="a loop", now_us=APRIL)
    correct_session(ledger, ids[3], kind=CorrectionKind.TEST, reason="a test", now_us=APRIL)


def exported(ledger: Ledger, *, grain: Grain = Grain.SESSION, **chosen: Any) -> list[dict[str, Any]]:
    charges = charges_between(ledger, DAYS.start_us, end_us=DAYS.end_us)
    export = Export(format="parquet", grain=grain, **chosen)
    stream = export_stream(ledger, UsageQuery(period=DAYS), export=export, charges=charges)
    rows: list[dict[str, Any]] = pq.read_table(BytesIO(b"".join(stream))).to_pylist()
    return rows


def not_charged(ledger: Ledger, filters: Filters) -> Any:
    query = UsageQuery(period=DAYS, filters=filters)
    return with_not_charged(ledger, query, report=usage_report(ledger, query)).not_charged_count


@pytest.mark.slow
def test_sessions_have_a_charge_where_a_plan_is_set(ledger: Ledger) -> None:
    assert "charge" not in exported(ledger)[0]
    assert not_charged(ledger, Filters()) is UNSET
    set_plan(ledger)
    charges = [row["charge"] for row in exported(ledger)]
    assert charges == [None, "charged", "preview_free", "void", "test", "charged", "stopped"]
    assert [list(row) for row in exported(ledger, columns=("charge",))] == [["charge"]] * 7
    assert "charge" not in exported(ledger, grain=Grain.ROW)[0]


@pytest.mark.parametrize(
    ("filters", "count"),
    [({}, 4), ({"bot": ("b2",)}, 2), ({"channel": ("sms",)}, 1), ({"customer": ("c1",)}, 0), ({"preview": True}, 1)],
)
def test_the_report_counts_those_that_cost_nothing(ledger: Ledger, filters: dict[str, Any], count: int) -> None:
    set_plan(ledger)
    assert not_charged(ledger, Filters(**filters)) == count
    report = with_not_charged(ledger, UsageQuery(period=DAYS), report=usage_report(ledger, UsageQuery(period=DAYS)))
    assert msgspec.to_builtins(report)["not_charged"] == 4
    by_funding = preliminary_document(ledger, now_us=APRIL - 1)["usage"]["by_funding"]
    assert sum(by_funding[kind] for kind in ("stopped", "void", "test", "preview_free")) == 4


@pytest.mark.slow
@pytest.mark.parametrize("charge", ChargeFilter)
def test_sessions_are_chosen_by_charge_on_pages_and_in_files_alike(ledger: Ledger, charge: ChargeFilter) -> None:
    set_plan(ledger)
    charges_of = {row["session_id"]: row["charge"] for row in exported(ledger)}
    expected = [
        session_id
        for session_id, each in charges_of.items()
        if each == charge or (charge is ChargeFilter.NOT_CHARGED and each not in {None, "charged"})
    ]
    assert expected
    assert [row["session_id"] for row in exported(ledger, charge=charge)] == expected
    assert [row["session_id"] for row in exported(ledger, grain=Grain.ROW, charge=charge)] == expected
    query = UsageQuery(period=DAYS)
    charges = charges_for(ledger, query, charge=charge)
    for sort in (SortKey.SESSION_START, SortKey.CONVERSATIONS):
        options = RowOptions(sort=sort, charge=charge, limit=10)
        page = row_page(ledger, query, options=options, charges=charges)
        assert {line.session_id for line in page.lines_of(SessionLine)} == set(expected)
        assert (page.session_count, page.row_count) == (len(expected), len(expected))
    by_conversation = RowOptions(grain=Grain.CONVERSATION, charge=charge)
    assert row_page(ledger, query, options=by_conversation, charges=charges).session_count == len(expected)


def test_a_charge_is_refused_where_no_plan_counts_the_sessions(ledger: Ledger) -> None:
    with pytest.raises(Missing) as missing:
        charges_for(ledger, UsageQuery(period=DAYS), charge=ChargeFilter.VOID)
    assert missing.value.code == "plan_missing"
    assert charges_for(ledger, UsageQuery(period=DAYS), charge=None) is None
