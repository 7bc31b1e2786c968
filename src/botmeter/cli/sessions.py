"""`sessions`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import command_context
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.filter_options import takes_filters
from botmeter.cli.output import atomic_file, format_of_file, say, show
from botmeter.cli.progress import row_progress
from botmeter.cli.terminal import stdout_screen, table
from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_from_us, us_from_datetime
from botmeter.domain.period import UTC_NAME
from botmeter.domain.text import counted
from botmeter.reports.filters import Filters

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.charges import Charges
    from botmeter.reports.export import Export, RowCount
    from botmeter.reports.query import UsageQuery
    from botmeter.reports.row_options import ChargeFilter

_ROWS_PRINTED_MAX = 20
_NOTHING = "no session matches in this period"
# Columns that fit on a screen; files have all.
_TABLE_COLUMNS = {
    "row": ("session_id", "session_start", "customer_id", "bot_name"),
    "session": ("session_id", "session_start", "customer_id", "bots"),
    "conversation": ("conversation_id", "last_session_start", "customer_ids", "bots"),
    "ticket": ("ticket_id", "last_session_start", "conversation_ids", "ticket_types"),
}

_Output = Annotated[
    Path | None,
    Option(
        "--output",
        "-o",
        metavar="FILE",
        help="File to write: .csv, .xlsx, .json, .ndjson or .parquet. Default: stdout.",
    ),
]
_Columns = Annotated[
    str | None, Option("--columns", metavar="NAME,…", help="Only these columns of a file, in this order. Default: all.")
]
_Grain = Annotated[
    Literal["row", "session", "conversation", "ticket"],
    Option(
        "--grain",
        help="Meaning of a row: a session with one conversation, bot, version and channel (row), or what is named.",
    ),
]
_Charge = Annotated[
    Literal["charged", "not_charged", "void", "test", "stopped", "preview_free"] | None,
    Option(
        "--charge", help="Only sessions with this charge under the account's plan; not_charged: any of those after it."
    ),
]
_Form = Annotated[
    Literal["table", "csv", "json", "ndjson", "parquet", "xlsx"] | None,
    Option("--format", help="Default: by the file's ending; a table on stdout."),
]

commands = Commands()


@commands.command(
    epilog=examples(
        ("All rows since October, in one file:", "botmeter sessions -a acme --from 2026-10-01 -o sessions.csv"),
        ("One customer's, on the screen:", "botmeter sessions --account acme --customer cus_8401"),
        (
            "For a spreadsheet, in the days of India:",
            "botmeter sessions -a acme --timezone Asia/Kolkata -o rows.xlsx",
        ),
        ("The refunds of October:", "botmeter sessions -a acme --ticket-type refund --grain ticket -o out.xlsx"),
        ("One row per session:", "botmeter sessions -a acme --grain session -o sessions.xlsx"),
        ("For a program:", "botmeter sessions --account acme --format ndjson"),
    )
)
@takes_filters()
def sessions(
    account: options.AccountName,
    output: _Output = None,
    first: options.FirstDay = None,
    last: options.LastDay = None,
    period: options.NamedPeriod = None,
    *,
    filters: Filters,
    timezone: options.Zone = UTC_NAME,
    grain: _Grain = "row",
    columns: _Columns = None,
    charge: _Charge = None,
    data: options.Data = None,
    form: _Form = None,
) -> None:
    """Write the rows behind the numbers.

    One row per session, conversation, bot, version and channel, or per what --grain names. A file appears when it is
    complete; a workbook has a summary of the report on its last sheet. The table format shows the first rows only.
    """
    from botmeter.reports.export import Export
    from botmeter.reports.row_options import ChargeFilter, Grain

    written_as = form or ("table" if output is None else format_of_file(output))
    if written_as == "table" and output is not None:
        raise Refused(
            "output_format_unknown",
            "A table is for the screen; a file is written as csv, xlsx, json, ndjson or parquet.",
        )
    days = options.requested_days(first, last, timezone=timezone, period=period)
    chosen = None if columns is None or written_as == "table" else tuple(columns.split(","))
    with readable_ledger(data, account) as ledger:
        query = options.query_of(ledger.account, days=days, filters=filters)
        if written_as == "table":
            _show_first(ledger, query, grain=grain, charge=charge)
            return
        export = Export(
            format=written_as, grain=Grain(grain), columns=chosen, charge=ChargeFilter(charge) if charge else None
        )
        if output is None:
            stdout = command_context().stdout
            stdout.flush()
            _write(ledger, query, export=export, out=stdout.buffer)
        else:
            with atomic_file(output) as file:
                written = _write(ledger, query, export=export, out=file)
            say(f"{_count_text(written)} written to {output}" if written.rows else _NOTHING)


def _write(ledger: "ReadableLedger", query: "UsageQuery", *, export: "Export", out: BinaryIO) -> "RowCount":
    from botmeter.reports.export import RowCount, export_stream

    written = RowCount(rows=0, sessions=0)
    with row_progress("writing") as show_rows:

        def on_rows(total: RowCount) -> None:
            nonlocal written
            written = total
            show_rows(total.rows)

        charges = _charges(ledger, query, charge=export.charge) if export.charge or export.grain == "session" else None
        out.writelines(export_stream(ledger, query, export=export, charges=charges, on_rows=on_rows))
    return written


def _charges(ledger: "ReadableLedger", query: "UsageQuery", *, charge: "ChargeFilter | None") -> "Charges | None":
    from botmeter.ledger.billing.plan_terms import plan_terms

    # Without a plan, the modules of billing need not be loaded.
    if charge is None and not plan_terms(ledger):
        return None
    from botmeter.billing.session_charges import charges_between, charges_for

    return charges_for(ledger, query, charge=charge) or charges_between(
        ledger, query.period.start_us, end_us=query.period.end_us
    )


def _show_first(ledger: "ReadableLedger", query: "UsageQuery", *, grain: str, charge: str | None) -> None:
    from botmeter.reports.grain_rows import underlying_data
    from botmeter.reports.row_options import ChargeFilter, Grain

    columns = _TABLE_COLUMNS[grain]
    first: list[list[object]] = []
    row_count = 0
    selected = ChargeFilter(charge) if charge else None
    charges = _charges(ledger, query, charge=selected) if selected else None
    for batch in underlying_data(ledger, query, grain=Grain(grain), columns=columns, charge=selected, charges=charges):
        row_count += batch.num_rows
        rows = batch.slice(0, max(0, _ROWS_PRINTED_MAX - len(first))).to_pylist()
        first += [[_cell(value) for value in row.values()] for row in rows]
    show(table([name.replace("_", " ") for name in columns], first, screen=stdout_screen()))
    if row_count > len(first):
        say(f"{len(first)} of {counted(row_count, 'row')}; -o sessions.csv writes all of them, with all columns")
    elif not row_count:
        say(_NOTHING)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return text_from_us(us_from_datetime(value))[:16].replace("T", " ")
    return "; ".join(value) if isinstance(value, list) else value


def _count_text(written: "RowCount") -> str:
    of_sessions = "" if written.sessions is None else f" of {counted(written.sessions, 'session')}"
    return f"{counted(written.rows, 'row')}{of_sessions}"
