"""Commands of `statement`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE, command_context
from botmeter.cli.data_dir import opened_ledger, owned_folder, readable_ledger
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.output import atomic_file, format_of_file, say, show, show_bytes, show_json, show_record, show_rows
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.period import day_from_text
from botmeter.domain.text import counted
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.billing.account_statements import ListedStatement
    from botmeter.billing.statement_document import Document
    from botmeter.ledger.readable import ReadableLedger

_COLUMNS = (
    *("number", "first_day", "last_day", "timezone", "state", "currency", "total", "closed_at", "closed_by"),
    *("adjusted_by", "sha256"),
)
# Columns that fit on a screen.
_TABLE_COLUMNS = ("number", "first_day", "last_day", "state", "total", "currency", "adjusted_by")
_LINE_COLUMNS = ("label", "quantity", "unit_price", "amount")

_Number = Annotated[str, Argument(metavar="NUMBER", help="Number of the statement: ACME-000001, or 1.")]
_Day = Annotated[
    str | None,
    Option("--cycle", metavar="DATE", help="The unclosed cycle of this day. Default: the one that runs now."),
]
_What = Annotated[
    Literal["statement", "sessions", "focus"],
    Option("--what", help="The statement, its session list, or its rows of FOCUS."),
]
_FileForm = Annotated[
    Literal["json", "csv", "ndjson", "parquet", "xlsx", "pdf"] | None,
    Option("--format", help="Default: by the file's ending; on stdout json, of focus csv."),
]

commands = command_group("statement", "Statements of closed cycles: list, show, close, verify.")


@commands.command("list", epilog=examples(("", "botmeter statement list --account acme")))
def list_statements(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the statements in the order of closing, then the cycles that have none yet.

    A cycle is open, in grace until the server or a command closes it, or preliminary: it ended before its plan was
    set, so only `statement close --through` closes it.
    """
    from botmeter.billing.account_statements import listed_statements

    with readable_ledger(data, account) as ledger:
        rows = [_row(each) for each in listed_statements(ledger, now_us=now_us())]
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no plan, so it has no statements; `botmeter plan set` sets one")


@commands.command(
    "show",
    epilog=examples(
        ("The cycle that runs now, as if it were closed:", "botmeter statement show --account acme"),
        ("A closed one:", "botmeter statement show 1 --account acme"),
        ("One to look at before it is closed:", "botmeter statement show -a acme --cycle 2026-10-31"),
    ),
)
def show_statement(
    account: options.AccountName,
    number: Annotated[str | None, Argument(metavar="NUMBER", help="Its number: ACME-000001, or 1.")] = None,
    cycle: _Day = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Show a statement, closed or preliminary: its lines, taxes and total.

    JSON is the whole document.
    """
    from botmeter.billing.account_statements import preliminary_document, statement_named
    from botmeter.billing.stated import read_document
    from botmeter.billing.statement_files import lines_csv

    if number is not None and cycle is not None:
        raise Refused("arguments_clash", "Give either the number of a statement, or a day with --cycle, not both.")
    on = None if cycle is None else day_from_text(cycle)
    with readable_ledger(data, account) as ledger:
        if number is None:
            document = preliminary_document(ledger, on, now_us=now_us())
        else:
            document = read_document(statement_named(ledger, number))
    match form:
        case "json":
            show_json(document)
        case "csv":
            show_bytes(lines_csv(document))
        case "table":
            _show_lines(document)


@commands.command(
    "close",
    epilog=examples(
        ("All cycles that have ended since the plan was set:", "botmeter statement close --account acme"),
        ("Earlier ones too:", "botmeter statement close -a acme --through 2026-10-31"),
    ),
)
def close_statements(
    account: options.AccountName,
    through: Annotated[
        str | None,
        Option("--through", metavar="DATE", help="Last day of the last cycle to close, in the plan's zone."),
    ] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Close cycles that have ended, without waiting for the end of their grace.

    A closed statement never changes: what comes later is adjusted on the next one. Without --through, cycles that
    ended before their plan was set are left preliminary.
    """
    from botmeter.billing.closing import close_ended
    from botmeter.billing.stated import read_document

    last = None if through is None else day_from_text(through)
    with opened_ledger(data, account) as ledger:
        closed = close_ended(ledger, through=last, now_us=now_us(), by=COMMAND_LINE)
    rows = []
    for each in closed:
        document = read_document(each)
        cycle, total = document["cycle"], document["total"]
        days = {"first_day": cycle["first_day"], "last_day": cycle["last_day"]}
        rows.append({"number": each.number, **days, "total": total, "currency": each.currency})
        record_in_audit(data, Action.CYCLE_CLOSED, account=account, statement=each.number, total=total, **days)
    show_rows(("number", "first_day", "last_day", "total", "currency"), rows, form=form)
    say(f"{counted(len(rows), 'statement')} closed" if rows else "no cycle to close")


@commands.command(
    "grace",
    epilog=examples(("", "botmeter statement grace --account acme"), ("", "botmeter statement grace 5 --account acme")),
)
def grace_of_account(
    account: options.AccountName,
    days: Annotated[int | None, Argument(metavar="DAYS", help="Days to set. Default: print those in force.")] = None,
    data: options.Data = None,
) -> None:
    """Print or set the days between the end of a cycle and its closing."""
    from botmeter.ledger.billing.plan_terms import grace_days, set_grace_days

    if days is None:
        with readable_ledger(data, account) as ledger:
            show(f"{grace_days(ledger)}\n")
        return
    with opened_ledger(data, account) as ledger:
        before = grace_days(ledger)
        set_grace_days(ledger, days, now_us=now_us(), by=COMMAND_LINE)
    if before != days:
        record_in_audit(data, Action.SETTING_CHANGED, account=account, setting="grace_days", before=before, after=days)
    say(f"cycles of account {account} are closed {counted(days, 'day')} after they end")


@commands.command(
    "export",
    epilog=examples(
        ("The document, byte by byte:", "botmeter statement export 1 --account acme -o statement.json"),
        ("Its lines:", "botmeter statement export 1 --account acme -o statement.csv"),
        ("Its sessions:", "botmeter statement export 1 -a acme --what sessions -o sessions.parquet"),
        ("For people to read:", "botmeter statement export 1 --account acme -o statement.pdf"),
        (
            "For FinOps tools, with cycles not closed yet:",
            "botmeter statement export -a acme --what focus -o focus.csv",
        ),
    ),
)
def export_statement(
    account: options.AccountName,
    number: Annotated[
        str | None,
        Argument(metavar="NUMBER", help="Its number: ACME-000001, or 1. Without one, --what focus writes all."),
    ] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", metavar="FILE", help="File to write. Default: stdout.")
    ] = None,
    what: _What = "statement",
    provider: Annotated[
        str, Option("--provider", metavar="NAME", help="Of focus: the platform that bills. Default: the plan's title.")
    ] = "",
    data: options.Data = None,
    form: _FileForm = None,
) -> None:
    """Write a closed statement: the document that was hashed as JSON, its lines as CSV, or the statement as PDF.

    With --what sessions its session list, with --what focus its rows in the columns of FOCUS 1.2 as CSV or Parquet.
    """
    if number is None and what != "focus":
        raise Refused("arguments_clash", "Give the number of a statement. Only --what focus writes all of them.")
    written_as = form or _form_of(output, what=what)
    with readable_ledger(data, account) as ledger:
        if number is None or what == "focus":
            content = _focus_content(ledger, number, form=written_as, provider=provider)
        else:
            content = _content(ledger, number, what=what, form=written_as)
    if output is None:
        show_bytes(content)
        return
    with atomic_file(output) as file:
        file.write(content)
    say(f"{'statements' if number is None else f'statement {number}'} written to {output}")


@commands.command("verify", epilog=examples(("", "botmeter statement verify --account acme")))
def verify_all(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Check all statements, and meter and rate everything again.

    The exit code is 3 if a statement or its session list is not what was hashed, if a number is missing, or if
    statements and adjustments differ from rating everything again. A difference that the next statement will adjust,
    because events or corrections came since, is `pending`.
    """
    from botmeter.billing.statement_verify import verify_statements
    from botmeter.ledger.billing.closed_statements import closed_statements

    with owned_folder(data) as folder, folder.rehearsing(account) as ledger:
        differences = verify_statements(ledger)
        count = len(closed_statements(ledger))
    rows = [
        {"statement": each.number or "", "kind": "pending" if each.is_pending else "damaged", "detail": each.detail}
        for each in differences
    ]
    if form == "json":
        show_json({"statements": count, "differences": rows})
    else:
        show_rows(("statement", "kind", "detail"), rows, form=form)
    if rows:
        say(f"{counted(len(rows), 'difference')} in {counted(count, 'statement')}")
        raise Exit(DIFFERENT)
    say(f"{counted(count, 'statement')} verified")


def _form_of(output: Path | None, *, what: str) -> str:
    if output is None:
        return "csv" if what == "focus" else "json"
    return "pdf" if output.suffix.lower() == ".pdf" else format_of_file(output)


def _content(ledger: "ReadableLedger", number: str, *, what: str, form: str) -> bytes:
    from botmeter.billing.account_statements import statement_named
    from botmeter.billing.stated import read_document
    from botmeter.billing.statement_files import lines_csv, session_file_bytes
    from botmeter.billing.statement_pdf import statement_pdf
    from botmeter.ledger.billing.closed_statements import statement_sessions
    from botmeter.pdf.printing import FontSource
    from botmeter.reports.export import FORMATS

    statement, table_form = statement_named(ledger, number), next((each for each in FORMATS if each == form), None)
    match what, form:
        case "sessions", _ if table_form is not None:
            return session_file_bytes(ledger, statement, form=table_form)
        case "statement", "json":
            return statement.document
        case "statement", "csv":
            return lines_csv(read_document(statement))
        case "statement", "pdf":
            fonts = FontSource(folder=command_context().settings.fonts_dir)
            return statement_pdf(statement.document, statement_sessions(ledger, statement.statement_no), fonts=fonts)
    raise Refused(
        "output_format_unknown",
        f"A statement is written as json, csv or pdf, and its sessions (--what sessions) as {', '.join(FORMATS)}; "
        f"{form} is neither.",
    )


def _focus_content(ledger: "ReadableLedger", number: str | None, *, form: str, provider: str) -> bytes:
    from botmeter.billing.focus_files import FOCUS_FORMS, account_focus, focus_file

    focus_form = next((each for each in FOCUS_FORMS if each == form), None)
    if focus_form is None:
        raise Refused("output_format_unknown", f"FOCUS is written as csv or parquet, not as {form}.")
    return focus_file(account_focus(ledger, number, now_us=now_us(), provider=provider), form=focus_form)


def _row(listed: "ListedStatement") -> dict[str, Any]:
    cycle = listed.cycle
    return {
        "number": listed.number,
        "first_day": str(cycle.first_on),
        "last_day": str(cycle.last_on),
        "timezone": cycle.timezone,
        "state": listed.state.replace("_", " "),
        "currency": listed.currency,
        "total": listed.total,
        "closed_at": None if listed.closed_at is None else text_to_the_second(listed.closed_at),
        "closed_by": "automatically" if listed.closed_at is not None and listed.closed_by is None else listed.closed_by,
        "adjusted_by": ", ".join(listed.adjusted_by) or None,
        "sha256": listed.sha256,
    }


def _show_lines(document: "Document") -> None:
    from botmeter.billing.canonical import amount_text
    from botmeter.billing.printed_lines import printed_lines

    cycle, money = document["cycle"], document["currency"]
    head = {
        "statement": document["number"] or "preliminary",
        "cycle": f"{cycle['first_day']} to {cycle['last_day']} ({cycle['timezone']})",
        "plan": ", ".join(document["plans"]),
        "sessions": document["usage"]["sessions"],
    }
    show_record(head, form="table")
    rows: list[dict[str, object]] = [
        {
            "label": line.label,
            "quantity": f"{line.quantity} {line.unit}",
            "unit_price": line.unit_price,
            "amount": amount_text(line.amount, money),
        }
        for line in printed_lines(document)
    ]
    rows.append({"label": "Total", "quantity": None, "unit_price": None, "amount": f"{document['total']} {money}"})
    show_rows(_LINE_COLUMNS, rows, form="table")
