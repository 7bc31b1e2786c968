"""Closing of cycles that are over, after a command."""

from typing import TYPE_CHECKING

from botmeter.cli.context import COMMAND_LINE, command_context
from botmeter.cli.output import say
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import now_us
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger


def close_due_cycles(folder: "Folder", ledger: "Ledger") -> None:
    """Close them after the command's own change, which is made even if this fails."""
    from botmeter.ledger.billing.plan_terms import plan_terms

    if command_context().folder is not None or not plan_terms(ledger):
        return
    from botmeter.billing.closing import close_due
    from botmeter.billing.stated import read_document
    from botmeter.people.pending_audit import note_entry

    try:
        for each in close_due(ledger, now_us=now_us()):
            detail = {"statement": each.number, "total": read_document(each)["total"]}
            say(f"statement {each.number} closed: {detail['total']} {each.currency}")
            note_entry(
                folder.path,
                Action.CYCLE_CLOSED,
                account=ledger.account.name,
                who=COMMAND_LINE,
                at_us=now_us(),
                detail=detail,
            )
    except (BotmeterError, OSError) as problem:
        say(f"warning: cycles that are over were not closed: {problem}")
