"""FOCUS exports of an account's statements, and their files."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Final, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.account_bill import account_plans, bill_of, plan_missing
from botmeter.billing.account_plans import CycleState
from botmeter.billing.account_statements import statement_named
from botmeter.billing.canonical import canonical_json
from botmeter.billing.closing import preliminary_statement
from botmeter.billing.focus import focus_rows
from botmeter.billing.focus_schema import COST_COLUMNS
from botmeter.billing.plan_terms import timeline
from botmeter.billing.statement_document import Document
from botmeter.billing.statement_list import session_list
from botmeter.domain.money import decimals_of
from botmeter.ledger.billing.closed_statements import (
    ClosedStatement,
    adjusted_sessions,
    closed_statements,
    statement_sessions,
)
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.export import write_rows

FocusForm = Literal["csv", "parquet"]
FOCUS_FORMS: Final[tuple[FocusForm, ...]] = get_args(FocusForm)


def focus_file(tables: Iterable[pa.Table], *, form: FocusForm) -> bytes:
    """Write the rows of statements into one file; an empty cell of CSV is null."""
    rows, out = pa.concat_tables(tables), BytesIO()
    if form == "csv":
        rows = _as_short_as_exact(rows)
    write_rows(rows.to_reader(), format=form, out=out)
    return out.getvalue()


def _as_short_as_exact(rows: pa.Table) -> pa.Table:
    currencies = pc.unique(rows["BillingCurrency"]).to_pylist()
    decimals = max((decimals_of(currency) for currency in currencies), default=0)
    for position, field in enumerate(rows.schema):
        column = rows.column(position)
        if field.name in COST_COLUMNS:
            rows = rows.set_column(position, field.name, column.cast(pa.decimal128(38, decimals)))
        elif field.name.endswith("Quantity") and pc.all(pc.equal(pc.floor(column), column)).as_py() is not False:
            rows = rows.set_column(position, field.name, column.cast(pa.decimal128(38, 0)))
    return rows


def account_focus(
    ledger: ReadableLedger, number: str | None = None, *, now_us: int, provider: str = ""
) -> list[pa.Table]:
    """Rows of one closed statement; without a number, of all of them and of unclosed cycles.

    Raises:
        Missing: `statement_unknown`, `plan_missing`.
    """
    if number is not None:
        return [statement_focus(ledger, statement_named(ledger, number), provider=provider)]
    tables = [statement_focus(ledger, each, provider=provider) for each in closed_statements(ledger)]
    tables += unclosed_focus(ledger, now_us=now_us, provider=provider)
    if not tables:
        raise plan_missing(ledger.account.name)
    return tables


def statement_focus(ledger: ReadableLedger, statement: ClosedStatement, *, provider: str = "") -> pa.Table:
    """Rows of a closed statement, with the cost centres of its closing."""
    centres = cost_centres(ledger, known_at=statement.closed_at)
    sessions = statement_sessions(ledger, statement.statement_no)
    changes = adjusted_sessions(ledger, statement.statement_no)
    return focus_rows(statement.document, sessions, centres=centres, changes=changes, provider=provider)


def unclosed_focus(ledger: ReadableLedger, *, now_us: int, provider: str = "") -> Iterator[pa.Table]:
    """Rows of the running cycle, and of those to be closed."""
    plans = account_plans(ledger)
    cycles = [] if plans is None else timeline(plans.terms, now_us + 1)
    is_first = True
    for account_cycle in cycles:
        if plans is None or plans.state(account_cycle, now_us=now_us) in _NOT_EXPORTED:
            continue
        bill = bill_of(ledger, account_cycle, plans=plans, now_us=now_us)
        document = preliminary_statement(ledger, bill, plans=plans)
        # Each would carry the same adjustments and credit if it were closed first.
        document = document if is_first else _of_own_cycle(document)
        sessions = session_list(bill.sessions, bill.rated.meters)
        yield focus_rows(canonical_json(document), sessions, centres=cost_centres(ledger), provider=provider)
        is_first = False


_NOT_EXPORTED: Final = (CycleState.CLOSED, CycleState.PRELIMINARY)


def _of_own_cycle(document: Document) -> Document:
    lines = [line for line in document["lines"] if line["kind"] not in ("adjustment", "carried")]
    return {**document, "adjustments": [], "lines": lines}
