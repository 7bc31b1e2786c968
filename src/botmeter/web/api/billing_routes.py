"""Routes of bills, statements and corrections."""

from typing import Final

from botmeter.billing.statement_files import SESSION_FORMATS
from botmeter.web.api.billing import (
    bill,
    close,
    correct,
    grace,
    listed_corrections,
    set_grace,
    statement,
    statement_sessions,
    statements,
    undo,
)
from botmeter.web.api.billing_answers import (
    CloseBody,
    ClosedStatements,
    CorrectionBody,
    CorrectionRecorded,
    Corrections,
    GracePeriod,
    StatementDocument,
    Statements,
    UndoBody,
)
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import Content
from botmeter.web.api.route_kinds import change_bill, examples_in, format_parameter, read_bill
from botmeter.web.exports import MEDIA_TYPES

_EXAMPLES: Final = examples_in("billing_examples.json")

BILLING_ROUTES: Final = (
    read_bill(
        path="accounts/{account}/bill",
        operation="bill",
        summary="An unclosed cycle",
        description="Its statement as if it were closed now, as `botmeter statement show --format json`.",
        parameters=(
            Parameter(
                name="cycle",
                description="A day of the cycle, in the plan's zone; without it, the cycle that runs now.",
                limits={"format": "date"},
                example="2026-11-01",
            ),
        ),
        answers=(Content(types=(StatementDocument,), example=_EXAMPLES["bill"]),),
        view=bill,
    ),
    read_bill(
        path="accounts/{account}/statements",
        operation="statements",
        summary="The statements",
        description="Closed ones in the order of closing, then the cycles that have none yet.",
        answers=(Content(types=(Statements,), example=_EXAMPLES["statements"]),),
        view=statements,
    ),
    # The first match wins.
    change_bill(
        path="accounts/{account}/statements/close",
        operation="close",
        summary="Close cycles",
        description=(
            "Closes cycles that have ended, without waiting for the end of their grace. A closed statement never "
            "changes; what comes later is adjusted on the next one. Repeating it closes nothing twice."
        ),
        body=(Content(types=(CloseBody,), example=_EXAMPLES["close"]),),
        answers=(Content(types=(ClosedStatements,), example=_EXAMPLES["closed"]),),
        view=close,
    ),
    read_bill(
        path="accounts/{account}/statements/{number}",
        operation="statement",
        summary="One statement",
        description="The canonical JSON that was hashed when it was closed, byte by byte.",
        answers=(Content(types=(StatementDocument,), example=_EXAMPLES["statement"]),),
        view=statement,
    ),
    read_bill(
        path="accounts/{account}/statements/{number}/sessions",
        operation="statement_sessions",
        summary="The sessions of a statement as a file",
        description=(
            "The sessions of its own cycle with how each was funded, then those of earlier cycles that it adjusts, "
            "with change and reason. It has no id of a customer or conversation, so that an erasure changes nothing."
        ),
        parameters=(format_parameter(SESSION_FORMATS),),
        answers=tuple(Content(media_type=MEDIA_TYPES[form]) for form in SESSION_FORMATS),
        view=statement_sessions,
    ),
    read_bill(
        path="accounts/{account}/corrections",
        operation="corrections",
        summary="The corrections",
        description="Sessions that people took off the bill, and the undoing of corrections.",
        answers=(Content(types=(Corrections,), example=_EXAMPLES["corrections"]),),
        view=listed_corrections,
    ),
    change_bill(
        path="accounts/{account}/corrections/add",
        operation="correct",
        summary="Take a session off the bill",
        description="It stays in all counts of sessions; in a closed cycle, the next statement credits it.",
        body=(Content(types=(CorrectionBody,), example=_EXAMPLES["correct"]),),
        answers=(Content(types=(CorrectionRecorded,), example=_EXAMPLES["corrected"]),),
        view=correct,
    ),
    change_bill(
        path="accounts/{account}/corrections/{number}/undo",
        operation="undo_correction",
        summary="Undo a correction",
        description="The session is charged again; the correction and its undoing stay in the list.",
        body=(Content(types=(UndoBody,), example=_EXAMPLES["undo"]),),
        answers=(Content(types=(CorrectionRecorded,), example=_EXAMPLES["undone"]),),
        view=undo,
    ),
    read_bill(
        path="accounts/{account}/grace-period",
        operation="grace_period",
        summary="The grace period",
        description="Days between the end of a cycle and its closing by the server.",
        answers=(Content(types=(GracePeriod,), example={"days": 3}),),
        view=grace,
    ),
    change_bill(
        path="accounts/{account}/grace-period/set",
        operation="set_grace_period",
        summary="Set the grace period",
        description="Of all cycles that are not closed yet.",
        body=(Content(types=(GracePeriod,), example={"days": 5}),),
        answers=(Content(types=(GracePeriod,), example={"days": 5}),),
        view=set_grace,
    ),
)
