"""`explain`, `verify`, `restatements`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.data_dir import owned_folder, readable_ledger
from botmeter.cli.failures import DIFFERENT, DONE, FAILED
from botmeter.cli.output import Format, fields_of, say, show, show_json, show_rows
from botmeter.cli.terminal import stdout_screen
from botmeter.domain.errors import BotmeterError, Refused, with_notes
from botmeter.domain.instant import now_us, text_from_us, text_to_the_second
from botmeter.domain.text import counted
from botmeter.ledger.folder_files import lost_accounts

if TYPE_CHECKING:
    from msgspec import UnsetType

    from botmeter.ledger.folder import Folder
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.ledger.restatements import Restatement
    from botmeter.ledger.verify import Verification
    from botmeter.reports.explanation import Explanation
    from botmeter.reports.explanation_json import SessionCharge

_DIFFERENCE = ("table", "is_stored", "row")
_COUNTS = ("events", "sessions", "duplicates", "differences")
_VERIFIED = ("account", *_COUNTS, "problem")
_RESTATED = ("recorded_at", "day", "before", "after", "because")

commands = Commands()


@commands.command(epilog=examples(("", "botmeter explain 4c10adab-a6a2-87a4-acf7-6c2826b08fbe --account acme")))
def explain(
    session: Annotated[str, Argument(metavar="SESSION", help="The session's id.")],
    account: options.AccountName,
    data: options.Data = None,
    form: Annotated[Literal["table", "json"], Option("--format", help="Format of stdout.")] = "table",
) -> None:
    """Explain why a session was charged.

    The event that opened it, who took part, what ended it, and the policy.
    """
    from botmeter.reports.explain import explain as explained
    from botmeter.reports.explanation_json import explanation_as_mapping

    with readable_ledger(data, account) as ledger:
        explanation = explained(ledger, session, now_us=now_us())
        answer = explanation_as_mapping(explanation, charges=_charges(ledger, explanation))
    if form == "json":
        show_json(answer)
        return
    show(stdout_screen().plain(answer["text"]).rstrip("\n") + "\n")


def _charges(ledger: "ReadableLedger", explanation: "Explanation") -> "list[SessionCharge] | UnsetType":
    from msgspec import UNSET

    from botmeter.ledger.billing.plan_terms import plan_terms

    # Without a plan, the modules of billing need not be loaded.
    if not plan_terms(ledger):
        return UNSET
    from botmeter.billing.session_funding import session_charges

    return session_charges(ledger, explanation, now_us=now_us())


@commands.command(
    epilog=examples(
        ("", "botmeter verify --account acme"),
        ("All accounts, for a scheduled check:", "botmeter verify --all"),
    )
)
def verify(
    account: Annotated[
        str | None,
        Option("--account", "-a", metavar="NAME", help="Account.", autocompletion=options.accounts_starting),
    ] = None,
    is_all: Annotated[bool, Option("--all", help="All accounts.")] = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Read a whole ledger, meter all events again and compare.

    The exit code is 3 if any stored session or count differs from what the events give, and 1 if a ledger can't be
    read.
    """
    from botmeter.ledger.verify import read_and_verify

    if is_all is (account is not None):
        raise Refused("arguments_clash", "Use either --account for one account, or --all for all.")
    if account is None:
        _verify_all(data, form=form)
        return
    with owned_folder(data) as folder, folder.rehearsing(account) as ledger:
        result = read_and_verify(ledger)
    rows = [fields_of(each, _DIFFERENCE) for each in result.differences]
    if form == "json":
        show_json({**_counts(result), "first_differences": rows})
    elif rows or form == "csv":
        show_rows(_DIFFERENCE, rows, form=form)
    say(_summary(result))
    if not result.is_clean:
        raise Exit(DIFFERENT)


def _verify_all(data: Path | None, *, form: Format) -> None:
    rows, codes = [], {DONE}
    with owned_folder(data) as folder:
        for name in [*folder.accounts(), *lost_accounts(folder.path)]:
            row, code = _verified_row(folder, name)
            rows.append(row)
            codes.add(code)
            say(f"account {name}: {row['problem'] or row['result']}")
    if form == "json":
        show_json([{key: value for key, value in row.items() if key != "result"} for row in rows])
    else:
        show_rows(_VERIFIED, rows, form=form)
    if codes != {DONE}:
        raise Exit(FAILED if FAILED in codes else DIFFERENT)


def _verified_row(folder: "Folder", name: str) -> tuple[dict[str, Any], int]:
    from botmeter.ledger.verify import read_and_verify

    try:
        with folder.rehearsing(name) as ledger:
            result = read_and_verify(ledger)
    except BotmeterError as problem:
        # Of the server, not of the account.
        if problem.code == "server_stopping":
            raise
        return {"account": name, **dict.fromkeys(_COUNTS), "result": "", "problem": with_notes(problem)}, FAILED
    row = {"account": name, **_counts(result), "result": _summary(result), "problem": None}
    return row, DONE if result.is_clean else DIFFERENT


def _counts(result: "Verification") -> dict[str, int]:
    return {name: getattr(result, f"{name[:-1]}_count") for name in _COUNTS}


def _summary(result: "Verification") -> str:
    metered = f"{counted(result.event_count, 'event')} metered again, {counted(result.session_count, 'session')}"
    if result.is_clean:
        return f"{metered}: no difference"
    doubled = f", {counted(result.duplicate_count, 'event')} stored twice" if result.duplicate_count else ""
    return f"{metered}: {counted(result.difference_count, 'difference')}{doubled}"


@commands.command(
    epilog=examples(
        ("", "botmeter restatements --account acme"),
        ("With the events that did it:", "botmeter restatements --account acme --format json"),
    )
)
def restatements(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List past days whose number of sessions changed.

    Each with the time of the change, the numbers before and after, and the cause: events that were late
    or corrected, a policy changed for the past, or merged customers.
    """
    from botmeter.ledger.restatements import restated_days

    with readable_ledger(data, account) as ledger:
        changes = restated_days(ledger)
    if form == "json":
        show_json([_as_mapping(each) for each in changes])
        return
    rows = [
        {
            **_as_mapping(each),
            "recorded_at": text_to_the_second(each.recorded_at),
            "because": _because(each),
        }
        for each in changes
    ]
    show_rows(_RESTATED, rows, form=form)


def _as_mapping(restated: "Restatement") -> dict[str, object]:
    return {
        "append_no": restated.append_no,
        "submission": restated.label,
        "recorded_at": text_from_us(restated.recorded_at),
        "day": str(restated.day),
        "before": restated.before_count,
        "after": restated.after_count,
        "removed": list(restated.removed),
        "added": list(restated.added),
        "because": list(restated.because),
        "because_count": restated.because_count,
    }


def _because(restated: "Restatement") -> str:
    from botmeter.ledger.restatements import Cause

    if restated.cause is Cause.APPEND:
        return counted(restated.because_count, "event")
    return restated.label or "the policy was changed"
