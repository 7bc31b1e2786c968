"""Corrections of a session's charge: void or test, each with its reason, undone by another correction."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_facts import account_terms
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.domain import text
from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import Period
from botmeter.domain.reason import REASON_CHARACTERS_MAX
from botmeter.ledger.billing.corrections import (
    CorrectionKind,
    StoredCorrection,
    correct_session,
    corrections,
    session_to_correct,
    undo_correction,
)
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.notices import Notice, add_notice

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

KIND_WORDS: Final = {CorrectionKind.VOID: "Void", CorrectionKind.TEST: "Test"}
_CHOICES: Final = (
    (CorrectionKind.VOID.value, "Void: it should not have been charged"),
    (CorrectionKind.TEST.value, "Test: it was no customer"),
)


class CorrectionForm(forms.Form):
    """A correction of a charge."""

    kind = forms.ChoiceField(label="Mark as", choices=_CHOICES)
    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)


class UndoForm(forms.Form):
    """The undoing of a correction."""

    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCard:
    """State of a session's charge; `form` is None for those who may not correct it.

    Attributes:
        history: Corrections of this session and their undoing, as sentences.
        what: Value of the form's button.
    """

    state: str
    cycle: Link | None
    history: tuple[str, ...]
    action: str
    form: forms.Form | None
    what: str
    button: str


def charge_card(visit: Visit, ledger: "ReadableLedger", *, session_id: str) -> ChargeCard | None:
    """Build the card; None without a plan or the right to see costs."""
    if not visit.may(Right.SEE_MONEY) or not plan_terms(ledger):
        return None
    session = session_to_correct(ledger, session_id)
    own = [each for each in corrections(ledger, with_undone=True) if each.opening_key == session.opening_key]
    in_force = _in_force(own)
    form: forms.Form | None = UndoForm() if in_force else CorrectionForm()
    return ChargeCard(
        state="Charged" if in_force is None else f"Not charged: {KIND_WORDS[in_force.kind].lower()}",
        cycle=_cycle_link(visit, ledger, at_us=session.started_at),
        history=tuple(_sentence(each) for each in reversed(own)),
        action=reverse("session-correction", args=(visit.account, session_id)),
        form=form if visit.may(Right.CHANGE_BILLING) else None,
        what="undo" if in_force else "correct",
        button="Undo correction" if in_force else "Correct charge",
    )


def _cycle_link(visit: Visit, ledger: "ReadableLedger", *, at_us: int) -> Link | None:
    terms = account_terms(ledger)
    if not terms or at_us < terms[0].from_us:
        return None
    cycle = account_cycle_at(terms, at_us).cycle
    name = text.span_text(cycle.first_on, cycle.last_on)
    name = name or text.days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on))
    return Link(label=name, href=reverse("cycle-statement", args=(visit.account, cycle.first_on.isoformat())))


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def session_correction(visit: Visit, *, session: str) -> HttpResponse:
    """Correct the charge of a session, or undo its correction."""
    back = redirect("session", visit.account, session)
    if visit.request.method != "POST":
        return back
    is_undo = visit.request.POST.get("what") == "undo"
    form: forms.Form = UndoForm(visit.request.POST) if is_undo else CorrectionForm(visit.request.POST)
    if not form.is_valid():
        fault = str(next(iter(form.errors.values()))[0])
        add_notice(visit.request, Notice(fact="The charge was not corrected.", consequence=fault, kind="bad"))
        return back
    try:
        notice = (_undo if is_undo else _correct)(visit, session, values=form.cleaned_data)
    except Refused as problem:
        notice = Notice(fact="The charge was not corrected.", consequence=problem.message, kind="bad")
    add_notice(visit.request, notice)
    return back


def _correct(visit: Visit, session: str, *, values: dict[str, Any]) -> Notice:
    kind = CorrectionKind(values["kind"])
    with visit.writing() as ledger:
        number = correct_session(
            ledger, session, kind=kind, reason=values["reason"], now_us=now_us(), by=visit.user.email
        )
    visit.record(Action.SESSION_CORRECTED, session=session, kind=kind.value, reason=values["reason"], number=number)
    return Notice(
        fact=f"The session is marked as {kind.value} and not charged.",
        consequence="It stays in all counts. If its cycle is closed, the next statement has an adjustment.",
    )


def _undo(visit: Visit, session: str, *, values: dict[str, Any]) -> Notice:
    with visit.writing() as ledger:
        key = session_to_correct(ledger, session).opening_key
        in_force = _in_force([each for each in corrections(ledger) if each.opening_key == key])
        if in_force is None:
            raise Conflict("correction_undone", "No correction of this session is in force.")
        undo_correction(ledger, in_force.number, reason=values["reason"], now_us=now_us(), by=visit.user.email)
    visit.record(Action.CORRECTION_UNDONE, session=session, number=in_force.number, reason=values["reason"])
    return Notice(fact="Correction undone.", consequence="The session is charged again.")


def _in_force(own: list[StoredCorrection]) -> StoredCorrection | None:
    undone = {each.undoes for each in own}
    return next((each for each in own if each.undoes is None and each.number not in undone), None)


def _sentence(correction: StoredCorrection) -> str:
    what = "Correction undone" if correction.undoes else f"Marked as {correction.kind.value}"
    by = f" by {correction.set_by}" if correction.set_by else ""
    return f"{what} on {text.instant_text(correction.recorded_at, seconds=False)} UTC{by}: {correction.reason}"
