"""Files of a statement."""

from io import BytesIO
from typing import Final

import pyarrow as pa

from botmeter.billing.printed_lines import printed_lines
from botmeter.billing.statement_document import Document
from botmeter.domain.money import decimals_of
from botmeter.ledger.billing.closed_statements import ClosedStatement, adjusted_sessions, statement_sessions
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.export import Format, write_rows

SESSION_FORMATS: Final[tuple[Format, ...]] = ("csv", "json", "ndjson", "parquet")


def lines_csv(document: Document) -> bytes:
    """Printed lines as CSV, amounts as decimals; they add up to the total."""
    lines = printed_lines(document)
    texts = {
        "kind": [line.kind for line in lines],
        "label": [line.label for line in lines],
        "quantity": [line.quantity for line in lines],
        "unit": [line.unit for line in lines],
        "unit_price": [line.unit_price for line in lines],
    }
    # Decimals, since the guard against formulas would alter a text that begins with a minus.
    amounts = pa.array([line.amount for line in lines], pa.decimal128(38, decimals_of(document["currency"])))
    count, cycle = len(lines), document["cycle"]
    columns = {
        "statement": [document["number"]] * count,
        "first_day": [cycle["first_day"]] * count,
        "last_day": [cycle["last_day"]] * count,
        **texts,
    }
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()} | {"amount": amounts})
    table = table.append_column("currency", pa.array([document["currency"]] * count))
    out = BytesIO()
    write_rows(table.to_reader(), format="csv", out=out)
    return out.getvalue()


def session_file(ledger: ReadableLedger, statement: ClosedStatement) -> pa.Table:
    """Sessions of a statement's own cycle, then those that it adjusts."""
    own = statement_sessions(ledger, statement.statement_no)
    for name in ("change", "reason"):
        own = own.append_column(name, pa.nulls(own.num_rows, pa.string()))
    rows = pa.concat_tables([own, adjusted_sessions(ledger, statement.statement_no)])
    number = pa.array([statement.number]).take(pa.array([0] * rows.num_rows, pa.int8()))
    texts = {"opening_key": rows["opening_key"].cast(pa.string())}
    texts["started_at"] = rows["started_at"].cast(pa.timestamp("us", "UTC"))
    for name, column in texts.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows.add_column(0, "statement", number)


def session_file_bytes(ledger: ReadableLedger, statement: ClosedStatement, *, form: Format) -> bytes:
    """Session list as a file."""
    out = BytesIO()
    write_rows(session_file(ledger, statement).to_reader(), format=form, out=out)
    return out.getvalue()
