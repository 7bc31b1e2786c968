"""Corrections of a session's charge: void or test, each with its reason, undone by another correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from msgspec import UNSET, UnsetType

from botmeter.billing.session_funding import BilledSession, SessionFunding, session_charge, session_fundings
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
from botmeter.reports.explanation import Explanation
from botmeter.reports.explanation_json import SessionCharge
from botmeter.web.access import Visit, for_member
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.bills import bill_cache

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

KIND_WORDS: Final = {CorrectionKind.VOID: "Void", CorrectionKind.TEST: "Test"}
_CHOICES: Final = (
    (CorrectionKind.VOID.value, "Void: it should not have been charged"),
    (CorrectionKind.TEST.value, "Test: it was no customer"),
)


class CorrectionForm(forms.Form):
    """Correction of a charge."""

    kind = forms.ChoiceField(label="Mark as", choices=_CHOICES)
    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)


class UndoForm(forms.Form):
    """Undoing of a correction."""

    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingLine:
    """Funding of a session; `href` leads to the line of its cycle."""

    words: str
    cycle: str
    href: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCard:
    """State of a session's charge; `form` is None for those who may not correct it.

    Attributes:
        funding: By each meter that counts it.
        history: Corrections and their undoing, as sentences.
    """

    state: str
    is_charged: bool
    funding: tuple[FundingLine, ...]
    history: tuple[str, ...]
    action: str
    form: forms.Form | None
    what: str
    button: str


def charge_card(
    visit: Visit, ledger: "ReadableLedger", *, session_id: str, fundings: Sequence[SessionFunding]
) -> ChargeCard | None:
    """Build the card; None without a plan or the right to see costs."""
    if not visit.may(Right.SEE_MONEY) or not plan_terms(ledger):
        return None
    session = session_to_correct(ledger, session_id)
    own = [each for each in corrections(ledger, with_undone=True) if each.opening_key == session.opening_key]
    in_force = _in_force(own)
    form: forms.Form | None = UndoForm() if in_force else CorrectionForm()
    return ChargeCard(
        state=_state(fundings, in_force),
        is_charged=in_force is None and (not fundings or any(each.charge == "charged" for each in fundings)),
        funding=tuple(_funding_line(visit.account, each) for each in fundings),
        history=tuple(_sentence(each) for each in reversed(own)),
        action=reverse("session-correction", args=(visit.account, session_id)),
        form=form if visit.may(Right.CHANGE_BILLING) else None,
        what="undo" if in_force else "correct",
        button="Undo correction" if in_force else "Correct charge",
    )


def fundings_shown(visit: Visit, ledger: "ReadableLedger", *, explanation: Explanation) -> tuple[SessionFunding, ...]:
    """Funding, for those who may see costs."""
    if not visit.may(Right.SEE_MONEY):
        return ()
    session = BilledSession(
        session_id=explanation.session_id,
        started_at=explanation.started_at_us,
        policy=explanation.policy.label,
    )
    return session_fundings(ledger, session, now_us=now_us(), cache=bill_cache)


def charges_of(fundings: Sequence[SessionFunding]) -> list[SessionCharge] | UnsetType:
    """Charges of an explanation; unset if none are shown."""
    return [session_charge(each) for each in fundings] or UNSET


def _state(fundings: Sequence[SessionFunding], in_force: StoredCorrection | None) -> str:
    if in_force is not None:
        return f"Not charged: {KIND_WORDS[in_force.kind].lower()}"
    if not fundings:
        return "No plan counts this session"
    charges = {each.charge for each in fundings}
    return "Charged" if "charged" in charges else f"Not charged: {charges.pop().replace('_', ' ')}"


def _funding_line(account: str, funding: SessionFunding) -> FundingLine:
    cycle = funding.cycle
    first_on = cycle.first_on.isoformat()
    page = reverse("cycle-statement", args=(account, first_on))
    name = text.span_text(cycle.first_on, cycle.last_on)
    name = name or text.days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on))
    if funding.statement:
        page, name = reverse("statement", args=(account, funding.statement)), f"{name}, {funding.statement}"
    return FundingLine(words=funding.words, cycle=name, href=f"{page}#{_place(funding)}", note=funding.pending_sentence)


def _place(funding: SessionFunding) -> str:
    if funding.line is not None:
        return f"line-{funding.line}"
    return "w-grants" if funding.funding.startswith(("allowance", "pack")) else "w-statement-usage"


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
