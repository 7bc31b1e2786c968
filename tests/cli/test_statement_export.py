"""`statement export` as FOCUS and as PDF, with the cost centres of the closing."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from botmeter.domain.instant import now_us, text_from_us
from cli.command_line import event, ndjson
from cli.conftest import Run

# Each sets a plan and closes a cycle first.
pytestmark = pytest.mark.slow

FOCUS = "statement export --account acme --what focus"


@pytest.fixture
def billed(acme: Run, tmp_path: Path) -> Run:
    """March 2026 is closed, with three sessions; the cycle that runs has one."""
    running = event("running", text_from_us(now_us()), customer_id="cus_9", bot_id="returns")
    (tmp_path / "running.ndjson").write_text(ndjson([running]))
    acme("import running.ndjson --account acme")
    for bot in ("orders", "returns"):
        acme(f"cost-centre set Sales --bot {bot} --from 2026-03-01 --account acme")
    assert acme("plan set freshworks.new -a acme --from 2026-03-01").code == 0
    acme("plan buy 2 -a acme --at 2026-03-20")
    closed = acme("statement close --through 2026-03-31 -a acme")
    assert closed.code == 0, closed.err
    return acme


def amounts(rows: list[dict[str, str]], column: str = "BilledCost") -> Counter[str]:
    by_invoice: Counter[str] = Counter()
    for row in rows:
        by_invoice[row["InvoiceId"]] += Decimal(row[column])  # type: ignore[assignment]
    return by_invoice


def test_billed_cost_per_invoice_is_the_statement_s_total_and_open_cycles_have_none(billed: Run) -> None:
    rows = billed(FOCUS).rows
    total = billed("statement show 1 -a acme --format json").json["total"]
    assert amounts(rows)["ACME-000001"] == Decimal(total) > 0
    assert "" in amounts(rows)
    assert {row["InvoiceId"] for row in billed(f"{FOCUS} 1").rows} == {"ACME-000001"}
    consumed = [row for row in rows if row["ConsumedQuantity"]]
    assert sum(int(row["ConsumedQuantity"]) for row in consumed) == 4
    assert {row["SubAccountId"] for row in consumed} == {"Sales"}
    assert {row["ProviderName"] for row in billed(f"{FOCUS} --provider Freshworks").rows} == {"Freshworks"}


def test_a_later_cost_centre_does_not_touch_a_closed_statement(billed: Run) -> None:
    before = billed(f"{FOCUS} 1").out
    for bot in ("orders", "returns"):
        billed(f"cost-centre set Service --bot {bot} --from 2026-03-01 --account acme")
    assert billed(f"{FOCUS} 1").out == before
    assert {row["SubAccountId"] for row in billed(FOCUS).rows if not row["InvoiceId"]} >= {"Service"}


def test_an_export_that_can_t_be_is_refused(billed: Run) -> None:
    for arguments, message in (
        ("statement export -a acme", "Give the number of a statement."),
        ("statement export 1 -a acme --format ndjson", "ndjson is neither"),
        ("statement export 1 -a acme --what sessions --format pdf", "pdf is neither"),
        (f"{FOCUS} --format pdf", "FOCUS is written as csv or parquet, not as pdf."),
        (f"{FOCUS} 7", "has no statement"),
    ):
        ran = billed(arguments)
        assert ran.code in (1, 2)
        assert message in ran.err
    billed("account create zeta")
    assert "no plan" in billed("statement export --account zeta --what focus").err


def test_a_statement_is_written_as_pdf_and_as_parquet(billed: Run, tmp_path: Path) -> None:
    for name, start in (("statement.pdf", b"%PDF-1.7"), ("focus.parquet", b"PAR1")):
        what = "--what focus" if name.startswith("focus") else ""
        ran = billed(f"statement export 1 --account acme {what} -o {name}")
        assert (ran.code, ran.err) == (0, f"statement 1 written to {name}\n")
        assert (tmp_path / name).read_bytes().startswith(start)
