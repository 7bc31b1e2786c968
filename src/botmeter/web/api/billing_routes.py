"""Routes of bills, statements and corrections."""

from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from botmeter.billing.statement_files import SESSION_FORMATS
from botmeter.people.keys import Scope
from botmeter.web.api.billing import (
    bill,
    close,
    correct,
    listed_corrections,
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
    StatementDocument,
    Statements,
    UndoBody,
)
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import Content, Route
from botmeter.web.api.route_failures import CHANGE, READ
from botmeter.web.exports import MEDIA_TYPES

_EXAMPLES: Final[dict[str, Any]] = msgspec.json.decode(Path(__file__).with_name("billing_examples.json").read_bytes())
_read: Final = partial(Route, method="GET", scope=Scope.BILLING_READ, failures=READ, tag="Billing")
_change: Final = partial(Route, method="POST", scope=Scope.ADMIN, failures=CHANGE, tag="Billing")

BILLING_ROUTES: Final = (
    _read(
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
    _read(
        path="accounts/{account}/statements",
        operation="statements",
        summary="The statements",
        description="Closed ones in the order of closing, then the cycles that have none yet.",
        answers=(Content(types=(Statements,), example=_EXAMPLES["statements"]),),
        view=statements,
    ),
    # The first match wins.
    _change(
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
    _read(
        path="accounts/{account}/statements/{number}",
        operation="statement",
        summary="One statement",
        description="The canonical JSON that was hashed when it was closed, byte by byte.",
        answers=(Content(types=(StatementDocument,), example=_EXAMPLES["statement"]),),
        view=statement,
    ),
    _read(
        path="accounts/{account}/statements/{number}/sessions",
        operation="statement_sessions",
        summary="The sessions of a statement as a file",
        description=(
            "The sessions of its own cycle with how each was funded, then those of earlier cycles that it adjusts, "
            "with change and reason. It has no id of a customer or conversation, so that an erasure changes nothing."
        ),
        parameters=(
            Parameter(
                name="format",
                description="Format of the file.",
                limits={"enum": list(SESSION_FORMATS)},
                example="csv",
                default="csv",
            ),
        ),
        answers=tuple(Content(media_type=MEDIA_TYPES[form]) for form in SESSION_FORMATS),
        view=statement_sessions,
    ),
    _read(
        path="accounts/{account}/corrections",
        operation="corrections",
        summary="The corrections",
        description="Sessions that people took off the bill, and the undoing of corrections.",
        answers=(Content(types=(Corrections,), example=_EXAMPLES["corrections"]),),
        view=listed_corrections,
    ),
    _change(
        path="accounts/{account}/corrections/add",
        operation="correct",
        summary="Take a session off the bill",
        description="It stays in all counts of sessions; in a closed cycle, the next statement credits it.",
        body=(Content(types=(CorrectionBody,), example=_EXAMPLES["correct"]),),
        answers=(Content(types=(CorrectionRecorded,), example=_EXAMPLES["corrected"]),),
        view=correct,
    ),
    _change(
        path="accounts/{account}/corrections/{number}/undo",
        operation="undo_correction",
        summary="Undo a correction",
        description="The session is charged again; the correction and its undoing stay in the list.",
        body=(Content(types=(UndoBody,), example=_EXAMPLES["undo"]),),
        answers=(Content(types=(CorrectionRecorded,), example=_EXAMPLES["undone"]),),
        view=undo,
    ),
)
