"""FOCUS exports as files."""

from collections.abc import Iterable
from io import BytesIO
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.focus_schema import COST_COLUMNS
from botmeter.domain.money import decimals_of
from botmeter.reports.export import write_rows

FocusForm = Literal["csv", "parquet"]


def focus_file(tables: Iterable[pa.Table], *, form: FocusForm) -> bytes:
    """Write the rows of statements into one file; an empty cell of CSV is null."""
    rows, out = pa.concat_tables(tables), BytesIO()
    if form == "csv":
        rows = _as_short_as_exact(rows)
    write_rows(rows.to_reader(), format=form, out=out)
    return out.getvalue()


def _as_short_as_exact(rows: pa.Table) -> pa.Table:
    """Costs with the decimals of their currencies, and whole quantities without decimals."""
    currencies = pc.unique(rows["BillingCurrency"]).to_pylist()
    decimals = max((decimals_of(currency) for currency in currencies), default=0)
    for position, field in enumerate(rows.schema):
        column = rows.column(position)
        if field.name in COST_COLUMNS:
            rows = rows.set_column(position, field.name, column.cast(pa.decimal128(38, decimals)))
        elif field.name.endswith("Quantity") and pc.all(pc.equal(pc.floor(column), column)).as_py() is not False:
            rows = rows.set_column(position, field.name, column.cast(pa.decimal128(38, 0)))
    return rows
