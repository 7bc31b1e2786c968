"""Commands of `correct`."""

from typing import Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import say, show_rows
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.people.audit_actions import Action

_COLUMNS = (*("correction", "kind", "undoes", "session_start", "reason", "recorded_at", "set_by", "has_session"),)
# Columns that fit on a screen.
_TABLE_COLUMNS = ("correction", "kind", "session_start", "has_session", "reason")

_Session = Annotated[str, Argument(metavar="SESSION", help="Id of the session.")]
_Reason = Annotated[str, Option("--reason", metavar="TEXT", help="The reason, which is kept with the correction.")]

commands = command_group("correct", "Corrections: take sessions off the bill.")


@commands.command("void", epilog=examples(("", "botmeter correct void SESSION -a acme --reason 'a loop of the bot'")))
def void_session(session: _Session, account: options.AccountName, reason: _Reason, data: options.Data = None) -> None:
    """Take a session off the bill that should not have been counted."""
    _correct(session, account, kind="void", reason=reason, data=data)


@commands.command("test", epilog=examples(("", "botmeter correct test SESSION -a acme --reason 'our own test'")))
def mark_test(session: _Session, account: options.AccountName, reason: _Reason, data: options.Data = None) -> None:
    """Mark a session as a test.

    Most plans do not charge tests; some do.
    """
    _correct(session, account, kind="test", reason=reason, data=data)


@commands.command("undo", epilog=examples(("", "botmeter correct undo 1 --account acme --reason 'no loop'")))
def undo(
    number: Annotated[int, Argument(metavar="NUMBER", help="Number of the correction.")],
    account: options.AccountName,
    reason: _Reason,
    data: options.Data = None,
) -> None:
    """Undo a correction, so that the session is charged again."""
    from botmeter.ledger.billing.corrections import undo_correction

    with opened_ledger(data, account) as ledger:
        undo_correction(ledger, number, reason=reason, now_us=now_us(), by=COMMAND_LINE)
    record_in_audit(data, Action.CORRECTION_UNDONE, account=account, correction=number, reason=reason)
    say(f"correction {number} undone")


@commands.command("list", epilog=examples(("", "botmeter correct list --account acme")))
def list_corrections(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the corrections, oldest first.

    The table shows those in force; JSON and CSV also have undone ones and their undoing. One that no longer has a
    session, because its event is in none any more, changes nothing.
    """
    from botmeter.ledger.billing.corrections import corrections
    from botmeter.reports.billed_sessions import corrections_without_session

    with readable_ledger(data, account) as ledger:
        stored = corrections(ledger, with_undone=form != "table")
        without = {each.number for each in corrections_without_session(ledger)}
    rows = [
        {
            "correction": each.number,
            "kind": str(each.kind),
            "undoes": each.undoes,
            "session_start": text_to_the_second(each.started_at),
            "reason": each.reason,
            "recorded_at": text_to_the_second(each.recorded_at),
            "set_by": each.set_by,
            "has_session": "no" if each.number in without else "yes",
        }
        for each in stored
    ]
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no corrections")


def _correct(session: str, account: str, *, kind: str, reason: str, data: options.Data) -> None:
    from botmeter.ledger.billing.corrections import CorrectionKind, correct_session

    with opened_ledger(data, account) as ledger:
        number = correct_session(
            ledger, session, kind=CorrectionKind(kind), reason=reason, now_us=now_us(), by=COMMAND_LINE
        )
    detail = {"correction": number, "session": session, "kind": kind, "reason": reason}
    record_in_audit(data, Action.SESSION_CORRECTED, account=account, **detail)
    say(f"correction {number} recorded; the bill changes, and the counts of sessions do not")
