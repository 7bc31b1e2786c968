"""Retry, discard and restore of quarantined events."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect

from botmeter.domain import text
from botmeter.domain.errors import BotmeterError, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.reason import checked_reason
from botmeter.ledger.quarantine import QuarantineFilter, discard, quarantined_numbers, restore_discarded
from botmeter.live.quarantine_retries import start_retry
from botmeter.people.audit import Action
from botmeter.web.access import Visit
from botmeter.web.notices import Notice, add_notice
from botmeter.web.quarantine_address import QuarantineAddress, entry_numbers
from botmeter.web.server_state import server_state
from botmeter.web.undo import UndoKind, offer_undo

ALL = "all"
RETRIED = "retried"
# Numbers of more events would take too much of what is kept for Undo; they are restored from the list.
_UNDO_MAX = 10_000


def change_entries(visit: Visit, address: QuarantineAddress) -> HttpResponse:
    """Do what a form asks for, and go back."""
    what, more = visit.request.POST.get("what", ""), {}
    try:
        chosen = _chosen(visit, address)
        match what:
            case "retry":
                start_retry(server_state(visit.request), visit.account, chosen=chosen, by=visit.user.email)
                more = {RETRIED: "1"}
            case "discard":
                add_notice(visit.request, _discard(visit, chosen, address=address))
            case "restore":
                add_notice(visit.request, _restore(visit, chosen))
            case _:
                raise Refused("parameter_invalid", "No action was given for the selected events.")
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="Nothing was changed.", consequence=problem.message, kind="bad"))
    # The page that was shown may be empty now.
    return redirect(address.first_page().href(visit.account, **more))


def _chosen(visit: Visit, address: QuarantineAddress) -> QuarantineFilter:
    chosen, posted = address.chosen(finds_content=True), visit.request.POST
    if posted.get("which") == ALL:
        return chosen
    numbers = entry_numbers(posted.getlist("number"))
    if not numbers:
        raise Refused("parameter_invalid", "No event is selected. Select events, or choose all of them.")
    return replace(chosen, numbers=numbers)


def _discard(visit: Visit, chosen: QuarantineFilter, *, address: QuarantineAddress) -> Notice:
    reason = checked_reason(visit.request.POST.get("reason", ""))
    with visit.writing() as ledger:
        numbers = quarantined_numbers(ledger, chosen)
        count = discard(ledger, numbers, reason=reason, by=visit.user.email, now_us=now_us())
    if count:
        visit.record(Action.QUARANTINE_DISCARDED, events=count, reason=reason, code=chosen.code or "")
    undo = None
    if len(numbers) <= _UNDO_MAX:
        back_href = address.first_page().href(visit.account)
        undo = offer_undo(visit, UndoKind.EVENTS_DISCARDED, before=tuple(numbers), back_href=back_href)
    consequence = "Discarded events can be restored."
    return Notice(fact=f"{text.counted(count, 'event')} discarded.", consequence=consequence, undo=undo)


def _restore(visit: Visit, chosen: QuarantineFilter) -> Notice:
    with visit.writing() as ledger:
        count = restore_discarded(ledger, quarantined_numbers(ledger, chosen))
    if count:
        visit.record(Action.QUARANTINE_RESTORED, events=count)
    return Notice(fact=f"{text.counted(count, 'event')} restored.", consequence="They are in quarantine again.")
