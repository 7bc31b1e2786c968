"""Views of bills, statements and corrections."""

from django.http import HttpResponse

from botmeter.billing.account_statements import listed_statements, preliminary_document, statement_named
from botmeter.billing.canonical import canonical_json
from botmeter.billing.closing import close_ended
from botmeter.billing.statement_files import SESSION_FORMATS, session_file_bytes
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_from_text
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session, corrections, undo_correction
from botmeter.ledger.billing.plan_terms import grace_days, set_grace_days
from botmeter.people.audit import Action
from botmeter.web.api.billing_answers import (
    CloseBody,
    ClosedStatements,
    CorrectionBody,
    CorrectionRecorded,
    Corrections,
    GracePeriod,
    Statements,
    UndoBody,
    closing_detail,
    correction_item,
    statement_item,
)
from botmeter.web.api.route import JSON, Call
from botmeter.web.api.route_kinds import chosen_format, number_in
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.ledgers import reading, writing


def bill(call: Call) -> HttpResponse:
    """Unclosed cycle as it would be closed now."""
    day = call.request.GET.get("cycle")
    with reading(call.request, call.account) as ledger:
        document = preliminary_document(ledger, day_from_text(day) if day else None, now_us=now_us())
    return HttpResponse(canonical_json(document), content_type=JSON)


def statements(call: Call) -> Statements:
    """Statements."""
    with reading(call.request, call.account) as ledger:
        items = [statement_item(each) for each in listed_statements(ledger, now_us=now_us())]
    return Statements(items=items, next_cursor=None)


def statement(call: Call, *, number: str) -> HttpResponse:
    """Document of a statement, byte by byte."""
    with reading(call.request, call.account) as ledger:
        return HttpResponse(statement_named(ledger, number).document, content_type=JSON)


def statement_sessions(call: Call, *, number: str) -> HttpResponse:
    """Session list of a statement as a file."""
    form = chosen_format(call, SESSION_FORMATS)
    with reading(call.request, call.account) as ledger:
        named = statement_named(ledger, number)
        content = session_file_bytes(ledger, named, form=form)
    headers = {"Content-Disposition": f'attachment; filename="{named.number}-sessions.{form}"'}
    return HttpResponse(content, content_type=MEDIA_TYPES[form], headers=headers)


def close(call: Call) -> ClosedStatements:
    """Close cycles that have ended."""
    body: CloseBody = call.body
    through = None if body.through is None else day_from_text(body.through)
    with writing(call.request, call.account) as ledger:
        closed = close_ended(ledger, through=through, now_us=now_us(), by=call.who)
    for each in closed:
        call.record(Action.CYCLE_CLOSED, **closing_detail(each))
    return ClosedStatements(closed=[each.number for each in closed])


def listed_corrections(call: Call) -> Corrections:
    """All corrections and their undoing."""
    with reading(call.request, call.account) as ledger:
        items = [correction_item(each) for each in corrections(ledger, with_undone=True)]
    return Corrections(items=items, next_cursor=None)


def correct(call: Call) -> CorrectionRecorded:
    """Take a session off the bill."""
    body: CorrectionBody = call.body
    kind = CorrectionKind(body.kind)
    with writing(call.request, call.account) as ledger:
        number = correct_session(ledger, body.session_id, kind=kind, reason=body.reason, now_us=now_us(), by=call.who)
    call.record(Action.SESSION_CORRECTED, correction=number, kind=body.kind)
    return CorrectionRecorded(number=number)


def undo(call: Call, *, number: str) -> CorrectionRecorded:
    """Undo a correction."""
    body: UndoBody = call.body
    corrected = number_in(number)
    with writing(call.request, call.account) as ledger:
        undoing = undo_correction(ledger, corrected, reason=body.reason, now_us=now_us(), by=call.who)
    call.record(Action.CORRECTION_UNDONE, correction=corrected)
    return CorrectionRecorded(number=undoing)


def grace(call: Call) -> GracePeriod:
    """Grace period."""
    with reading(call.request, call.account) as ledger:
        return GracePeriod(days=grace_days(ledger))


def set_grace(call: Call) -> GracePeriod:
    """Set the grace period."""
    body: GracePeriod = call.body
    with writing(call.request, call.account) as ledger:
        before = grace_days(ledger)
        set_grace_days(ledger, body.days, now_us=now_us(), by=call.who)
    if before != body.days:
        call.record(Action.SETTING_CHANGED, setting="grace_days", before=before, after=body.days)
    return body
