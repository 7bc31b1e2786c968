"""The text of a statement's PDF: its charges add up as they are printed."""

from decimal import Decimal

from tests.support.made_statement import document_bytes, made_document, made_sessions

from botmeter.billing.statement_pdf import statement_view
from botmeter.pdf.document import PdfSection


def sections() -> dict[str, PdfSection]:
    view = statement_view(document_bytes(made_document()), made_sessions())
    return {section.heading: section for section in view.sections}


def amount(text: object) -> Decimal:
    return Decimal(str(text).replace("−", "-").replace("+", "").replace("$", "").replace(",", ""))


def test_printed_charges_add_up_to_the_printed_subtotal_and_total() -> None:
    table = sections()["Charges"].table
    charges = sum(amount(row[-1]) for row in table.rows)
    totals = {str(label): amount(text) for label, *_, text in table.totals}
    assert charges == totals.pop("Subtotal") == Decimal("166.30")
    total = totals.pop("Total")
    assert charges + sum(totals.values()) == total == Decimal("192.90")
    assert [row[2] for row in table.rows] == ["$10.00", "$49.00", "$0.95", "$0.85", "", ""]


def test_shares_of_a_cycle_and_differences_of_an_adjustment_add_up_as_printed() -> None:
    for heading in ("Cost by bot", "Adjustment of ACME-000001, 1 – 30 Sep 2026"):
        table = sections()[heading].table
        assert sum(amount(row[-1]) for row in table.rows) == amount(table.totals[-1][-1])
