"""`reconcile`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import command_context, located, read_file
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.output import Format, say, show, show_json, show_rows
from botmeter.cli.terminal import printable
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import UTC_NAME, Period
from botmeter.domain.text import counted, days_text

if TYPE_CHECKING:
    from botmeter.billing.reconcile.check import InvoiceCheck
    from botmeter.billing.reconcile.invoice import Invoice
    from botmeter.billing.reconcile.result import Reconciliation
    from botmeter.sources.table_options import TableOptions
    from botmeter.sources.vendor_sessions import VendorList

_INVOICE_ENDING: Final = ".toml"
_INVOICE_BYTES_MAX: Final = 1_000_000
_SHOWN_OF_EACH_MAX: Final = 5
_UNREAD_SHOWN_MAX: Final = 5
_BATCH_ROWS: Final = 10_000
_TABLE_COLUMNS: Final = ("kind", "reason", "row", "started_at", "customer_id", "amount")

commands = Commands()


@commands.command(
    epilog=examples(
        ("", "botmeter reconcile bill.csv --account acme"),
        ("All differences, for a spreadsheet:", "botmeter reconcile bill.csv -a acme --format csv"),
        ("With columns of other names:", "botmeter reconcile vendor.csv -a acme --mapping vendor.toml"),
        ("The totals of an invoice:", "botmeter reconcile invoice.toml --account acme"),
    )
)
def reconcile(
    file: Annotated[
        str,
        Argument(
            metavar="FILE",
            help="The vendor's sessions: CSV, XLSX, NDJSON, JSON or Parquet, - for stdin. Or an invoice: TOML.",
        ),
    ],
    account: options.AccountName,
    mapping: Annotated[
        Path | None,
        Option("--mapping", metavar="FILE", help="Mapping of columns to started_at, customer_id, … as TOML or JSON."),
    ] = None,
    period: Annotated[
        str | None,
        Option("--period", metavar="FROM..TO", help="First and last day of the bill. Default: the days of the list."),
    ] = None,
    statement: Annotated[
        str | None,
        Option("--statement", metavar="NUMBER", help="Period of this statement: ACME-000001, or 1. Not with --period."),
    ] = None,
    timezone: options.Zone = UTC_NAME,
    tolerance: Annotated[
        str, Option("--tolerance", metavar="TIME", help="Between the times of one session, such as 60s or 5m.")
    ] = "60s",
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Compare a vendor's bill with the account's sessions.

    Rows are matched by customer and conversation where these agree, else by time. The exit code is 3 if anything
    differs. A list needs a column started_at; customer_id, conversation_id, bot_id, channel and amount help. An invoice
    has a period, the number of sessions and a total. The table format shows the first differences, the others all.
    """
    from botmeter.billing.reconcile.check import check_list
    from botmeter.billing.reconcile.invoice import period_from_text
    from botmeter.billing.reconcile.own_bills import bill_named
    from botmeter.billing.reconcile.result import tolerance_from_text
    from botmeter.billing.reconcile.result_json import list_as_mapping
    from botmeter.sources.table_options import TableOptions

    days = None if period is None else period_from_text(period, timezone=timezone)
    tolerance_us = tolerance_from_text(tolerance)
    if days is not None and statement is not None:
        raise Refused("arguments_clash", "Use either --period or --statement, not both.")
    if file.endswith(_INVOICE_ENDING):
        _reconcile_invoice(file, account=account, data=data, form=form, others=(mapping, days, statement))
        return
    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    vendor = _vendor_list(file, mapping=mapping, input_format=input_format, table=table)
    with readable_ledger(data, account) as ledger:
        own = None if statement is None else bill_named(ledger, statement)
        result = check_list(ledger, vendor, period=days if own is None else own.period, tolerance_us=tolerance_us)
    _show_list(result, vendor, head=list_as_mapping(result, vendor, account=account, own=own), form=form)
    if not result.is_same or vendor.rejected_count:
        raise Exit(DIFFERENT)


def _reconcile_invoice(file: str, *, account: str, data: Path | None, form: Format, others: Sequence[object]) -> None:
    from botmeter.billing.reconcile.check import check_invoice

    if any(each is not None for each in others):
        raise Refused("arguments_clash", "An invoice has its own period, and needs no mapping and no other period.")
    invoice = _invoice(file)
    with readable_ledger(data, account) as ledger:
        checked = check_invoice(ledger, invoice, now_us=now_us())
    _show_invoice(checked, account=account, form=form)
    if not checked.is_same:
        raise Exit(DIFFERENT)


def _invoice(name: str) -> "Invoice":
    from botmeter.billing.reconcile.invoice import invoice_from_text

    try:
        text = read_file(Path(name), bytes_max=_INVOICE_BYTES_MAX).decode("utf-8-sig")
    except FileNotFoundError:
        raise Missing("file_missing", f"There is no file {name}.") from None
    except OSError as problem:
        raise Refused("invoice_invalid", f"The invoice {name} can't be read: {problem.strerror}.") from None
    except ValueError:
        raise Refused("invoice_invalid", f"The invoice {name} is not UTF-8 text.") from None
    return invoice_from_text(text)


def _vendor_list(name: str, *, mapping: Path | None, input_format: str | None, table: "TableOptions") -> "VendorList":
    from botmeter.sources.reader import SourceFile
    from botmeter.sources.stream import STDIN
    from botmeter.sources.vendor_sessions import vendor_list, vendor_mapping

    is_stdin = name == STDIN
    file = SourceFile(
        path=name if is_stdin else str(located(Path(name))),
        name=name,
        content=command_context().stdin.buffer if is_stdin else None,
        mapping=None if mapping is None else vendor_mapping(located(mapping)),
        format=input_format,
        table=table,
    )
    return vendor_list(file)


def _show_invoice(checked: "InvoiceCheck", *, account: str, form: Format) -> None:
    from botmeter.billing.reconcile.result_json import amount_text, invoice_as_mapping

    if form == "json":
        show_json(invoice_as_mapping(checked, account=account))
        return
    invoice = checked.invoice
    rows = [
        {"sessions_of": "the invoice", "sessions": invoice.session_count, "total": amount_text(invoice.total)},
        {
            "sessions_of": "the account",
            "sessions": checked.our_count,
            "total": None if checked.own is None else amount_text(checked.own.total),
        },
        {
            "sessions_of": "difference",
            "sessions": checked.difference,
            "total": amount_text(checked.difference_in_money),
        },
    ]
    show_rows(("sessions_of", "sessions", "total"), rows, form=form)
    if checked.own is not None and invoice.total is not None and checked.difference_in_money is None:
        say(f"The invoice is in {invoice.currency} and the plan in {checked.own.currency}; totals are not compared.")
    say(_verdict(checked.is_same, invoice.period))


def _show_list(result: "Reconciliation", vendor: "VendorList", *, head: Mapping[str, Any], form: Format) -> None:
    from botmeter.billing.reconcile.result_json import list_json, period_of

    if form == "json":
        for part in list_json(head, result.differences):
            show(part)
    elif form == "csv":
        _show_csv(result)
    else:
        _show_tables(result, own_amount=head["ours"]["subtotal"])
    for sentence in (*vendor.notes, *result.notes, *([result.shift.sentence] if result.shift else [])):
        say(sentence)
    _say_unread(vendor)
    say(_verdict(result.is_same and not vendor.rejected_count, period_of(result)))


def _show_csv(result: "Reconciliation") -> None:
    from botmeter.reports.export import write_rows

    stdout = command_context().stdout
    stdout.flush()
    write_rows(result.differences.to_reader(), format="csv", out=stdout.buffer)


def _show_tables(result: "Reconciliation", *, own_amount: str | None) -> None:
    from botmeter.billing.reconcile.differences import Kind
    from botmeter.billing.reconcile.result_json import amount_text
    from botmeter.billing.reconcile.sentences import KIND_LABELS, REASON_LABELS

    counts = {"their list": result.their_count, "our sessions": result.our_count}
    counts |= {KIND_LABELS[kind].lower(): result.count(kind) for kind in Kind}
    amounts = {"their list": amount_text(result.amount), "our sessions": own_amount}
    rows = [{"what": what, "sessions": count, "amount": amounts.get(what)} for what, count in counts.items()]
    show_rows(("what", "sessions", "amount"), rows, form="table")
    if not result.totals:
        return
    reasons = [
        {
            "kind": KIND_LABELS[each.kind].lower(),
            "likely_reason": REASON_LABELS[each.reason].lower(),
            "sessions": each.count,
            "amount": amount_text(each.amount),
        }
        for each in result.totals
    ]
    show("\n")
    show_rows(("kind", "likely_reason", "sessions", "amount"), reasons, form="table")
    show("\n")
    first = _first_differences(result)
    show_rows(_TABLE_COLUMNS, first, form="table")
    if len(result.differences) > len(first):
        say("The first of each kind and reason are listed; --format csv lists all.")


def _first_differences(result: "Reconciliation") -> list[dict[str, object]]:
    from botmeter.billing.reconcile.result_json import amount_text

    counts: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, object]] = []
    for batch in result.differences.to_batches(max_chunksize=_BATCH_ROWS):
        for row in batch.to_pylist():
            counts[row["kind"], row["reason"]] += 1
            if counts[row["kind"], row["reason"]] <= _SHOWN_OF_EACH_MAX:
                rows.append(
                    {
                        **row,
                        "kind": row["kind"].replace("_", " "),
                        "row": row["their_row"],
                        "started_at": f"{_started_at(row):%Y-%m-%d %H:%M:%S}",
                        "amount": amount_text(row["amount"]),
                    }
                )
        if sum(counts.values()) >= _BATCH_ROWS:
            break
    return rows


def _started_at(row: Mapping[str, Any]) -> datetime:
    own: datetime = row["our_started_at"]
    return own if row["kind"] == "only_ours" else row["their_started_at"]


def _say_unread(vendor: "VendorList") -> None:
    if vendor.total_count:
        say(f"{counted(vendor.total_count, 'row')} of totals left out.")
    if not vendor.rejected_count:
        return
    say(f"{counted(vendor.rejected_count, 'row')} can't be read and not compared:")
    shown = [each for each in vendor.rejections if each.code != "row_total"][:_UNREAD_SHOWN_MAX]
    for each in shown:
        say(f"row {each.index + 1}: {printable(each.detail)}")


def _verdict(is_same: bool, period: Period) -> str:
    days = f"{days_text(period)} ({period.timezone})"
    return f"{days}: no difference" if is_same else f"{days}: the bill and the account differ"
