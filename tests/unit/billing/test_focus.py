"""FOCUS 1.2: what is billed per invoice is the statement's total, and packs become the cost of what they fund."""

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.made_statement import document_bytes, made_document, made_sessions

from botmeter.billing.focus import focus_rows
from botmeter.billing.focus_files import focus_file
from botmeter.billing.focus_schema import MANDATORY
from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.domain.instant import us_from_text

MAY_BE_NULL = {"ChargeClass", "PricingQuantity", "PricingUnit"}
CENTRES = CostCentres(
    [
        CostCentreTerm(from_on=date(2026, 1, 1), channel="web", cost_centre="Online"),
        CostCentreTerm(from_on=date(2026, 10, 3), bot_id="orders", cost_centre="Sales"),
    ]
)


def rows_of(document: dict[str, Any] | None = None, centres: CostCentres = CENTRES) -> list[dict[str, Any]]:
    table = focus_rows(document_bytes(document or made_document()), made_sessions(), centres=centres)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def total(rows: list[dict[str, Any]], column: str = "BilledCost", **values: object) -> Decimal:
    of_values = (row for row in rows if all(row[name] == value for name, value in values.items()))
    return sum((row[column] for row in of_values), Decimal(0))


def test_billed_cost_per_invoice_is_the_total_and_so_is_effective_cost_where_packs_end_with_their_cycle() -> None:
    rows = rows_of()
    assert {row["InvoiceId"] for row in rows} == {"ACME-000002"}
    assert total(rows) == total(rows, "EffectiveCost") == Decimal("192.90")


def test_every_mandatory_column_has_a_value_where_focus_asks_for_one() -> None:
    rows = rows_of()
    assert len(MANDATORY) == 21
    assert {column for row in rows for column in MANDATORY if row[column] is None} <= MAY_BE_NULL
    for row in rows:
        is_priced = row["ChargeCategory"] in ("Usage", "Purchase") and row["ChargeClass"] is None
        assert (row["PricingQuantity"] is not None) is is_priced
        assert (row["PricingUnit"] is None) is (row["PricingQuantity"] is None)
        assert (row["ConsumedUnit"] is None) is (row["ConsumedQuantity"] is None)
        assert (row["ConsumedQuantity"] is not None) is (
            row["ChargeCategory"] == "Usage" and row["ChargeClass"] is None and row["x_funding"] != "unused"
        )
        assert row["ChargeFrequency"] != "Usage-Based" or row["ChargeCategory"] == "Usage"
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]


@pytest.mark.parametrize(
    ("values", "billed", "effective"),
    [
        ({"x_funding": "fee", "ChargeFrequency": "Recurring"}, "10.00", "10.00"),
        ({"x_funding": "purchase", "ResourceType": "session pack"}, "147.00", "0"),
        ({"x_funding": "pack 1"}, "0", "49.00"),
        ({"x_funding": "pack 3"}, "0", "9.80"),
        ({"x_funding": "unused"}, "0", "39.20"),
        ({"x_funding": "allowance"}, "0", "0"),
        ({"x_funding": "beyond 1"}, "4.75", "4.75"),
        ({"x_funding": "beyond 2"}, "2.55", "2.55"),
        ({"x_funding": "void"}, "0", "0"),
        ({"ChargeCategory": "Tax", "ChargeClass": None}, "31.22", "31.22"),
        ({"ChargeCategory": "Credit"}, "-5.00", "-5.00"),
        ({"ChargeCategory": "Usage", "ChargeClass": "Correction"}, "2.00", "2.00"),
        ({"ChargeCategory": "Tax", "ChargeClass": "Correction"}, "0.38", "0.38"),
        ({"x_funding": "minimum"}, "0", "0"),
    ],
)
def test_each_kind_of_charge_has_its_cost(values: dict[str, object], billed: str, effective: str) -> None:
    rows = rows_of()
    assert total(rows, **values) == Decimal(billed)
    assert total(rows, "EffectiveCost", **values) == Decimal(effective)


def test_every_session_is_consumed_once_by_its_bot_and_day_under_its_cost_centre() -> None:
    rows = rows_of()
    assert total(rows, "ConsumedQuantity", ConsumedUnit="Sessions") == 38
    of_bot = {"ResourceId": "delivery", "ResourceName": "配送", "ResourceType": "bot"}
    assert total(rows, "ConsumedQuantity", ConsumedUnit="Sessions", **of_bot) == 10
    centres = {(row["ChargePeriodStart"].day, row["SubAccountId"]) for row in rows if row["ResourceId"] == "orders"}
    assert centres == {(1, "Online"), (1, None), (2, "Online"), (2, None), *((day, "Sales") for day in (3, 4, 5, 6))}


def test_an_adjustment_is_a_correction_of_its_own_cycle_divided_among_the_sessions_that_changed() -> None:
    rows = [each for each in rows_of() if (each["ChargeCategory"], each["ChargeClass"]) == ("Usage", "Correction")]
    assert [(row["BilledCost"], row["ResourceId"], row["x_channel"], row["SubAccountId"]) for row in rows] == [
        (Decimal("1.00"), "delivery", "web", "Online"),
        (Decimal("1.00"), "delivery", "whatsapp", None),
    ]
    for row in rows:
        assert (row["ChargePeriodStart"].month, row["BillingPeriodStart"].month) == (9, 10)
        assert row["ChargeDescription"] == "ACME-000001: Sessions 1–5"


def changes(*rows: tuple[str, str, str, str]) -> pa.Table:
    names = ("bot_id", "channel", "funding", "change")
    own = {"meter": 0, "started_at": us_from_text("2026-09-07T08:00:00Z")}
    return pa.Table.from_pylist([{**dict(zip(names, row, strict=True)), **own} for row in rows])


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        # A late session takes the allowance of another one, which now has a price.
        ((("a", "web", "allowance", "added"), ("b", "web", "beyond 1", "moved")), {"b": "2.00"}),
        ((("a", "web", "beyond 1", "added"), ("a", "sms", "beyond 1", "added")), {"a": "2.00"}),
        (tuple((bot, "web", "beyond 1", "added") for bot in "aab"), {"a": "1.33", "b": "0.67"}),
        ((("a", "web", "pack 1", "moved"),), {"a": "2.00"}),
        ((), {None: "2.00"}),
    ],
)
def test_an_adjusted_price_belongs_to_the_sessions_that_it_is_for(
    changed: tuple[tuple[str, str, str, str], ...], parts: dict[str | None, str]
) -> None:
    listed = changes(*changed) if changed else changes(("a", "web", "beyond 1", "added")).slice(0, 0)
    table = focus_rows(document_bytes(made_document()), made_sessions(), centres=CENTRES, changes=listed)
    rows = [
        each for each in table.to_pylist() if (each["x_funding"], each["ChargeCategory"]) == ("adjustment", "Usage")
    ]
    bots = {row["ResourceId"] for row in rows}
    assert {bot: total(rows, ResourceId=bot) for bot in bots} == {bot: Decimal(part) for bot, part in parts.items()}
    assert sum(row["BilledCost"] for row in table.to_pylist()) == Decimal("192.90")


def test_an_open_cycle_has_no_invoice() -> None:
    rows = rows_of(made_document(number=None, closed_at=None))
    assert {(row["InvoiceId"], row["x_statement_hash"]) for row in rows} == {(None, None)}


def without_tiers(document: dict[str, Any]) -> None:
    for line in document["lines"]:
        line["tier"] = None


def of_another_meter(document: dict[str, Any]) -> None:
    for entry in (*document["lines"], *document["grants"]):
        entry["meter"] = 1


def pack_over_two_cycles(document: dict[str, Any]) -> None:
    document["grants"][3] |= {"units": "30", "price": "0.10", "before": "7", "lapsed": "0", "left": "21"}


@pytest.mark.parametrize("change", [without_tiers, of_another_meter, pack_over_two_cycles])
def test_billed_cost_adds_up_however_lines_and_sessions_are_divided(change: Callable[[dict[str, Any]], None]) -> None:
    document = made_document()
    change(document)
    rows = rows_of(document)
    assert total(rows) == Decimal("192.90")
    assert total(rows, "ConsumedQuantity", ConsumedUnit="Sessions") == 38


def test_the_price_of_a_pack_is_spent_once_over_all_its_cycles() -> None:
    spent = Decimal(0)
    for before, used, lapsed in ((0, 1, 0), (1, 2, 0), (3, 2, 2)):
        grant = {"units": "7", "before": str(before), "used": str(used), "lapsed": str(lapsed), "price": "10.00"}
        document = made_document()
        document["grants"] = [{**document["grants"][3], **grant}]
        rows = rows_of(document)
        spent += total(rows, "EffectiveCost", x_funding="pack 3") + total(rows, "EffectiveCost", x_funding="unused")
    assert spent == Decimal("10.00")


def test_csv_has_plain_numbers_and_instants_and_parquet_the_same_rows() -> None:
    tables = [focus_rows(document_bytes(made_document()), made_sessions(), centres=CENTRES, provider="Freshworks")]
    written = list(csv.DictReader(StringIO(focus_file(tables, form="csv").decode(), newline="")))
    credit = next(row for row in written if row["ChargeCategory"] == "Credit")
    assert (credit["BilledCost"], credit["PricingQuantity"], credit["ChargeClass"]) == ("-5.00", "", "")
    assert credit["BillingPeriodStart"] == "2026-10-01T00:00:00Z"
    assert written[1]["PricingQuantity"] == "3"
    assert {row["ProviderName"] for row in written} == {"Freshworks"}
    parquet: pa.Table = pq.read_table(BytesIO(focus_file(tables, form="parquet")))
    assert parquet.equals(tables[0])
