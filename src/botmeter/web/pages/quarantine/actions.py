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

ALL = "all"
RETRIED = "retried"


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
                add_notice(visit.request, _discard(visit, chosen))
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


def _discard(visit: Visit, chosen: QuarantineFilter) -> Notice:
    reason = checked_reason(visit.request.POST.get("reason", ""))
    with visit.writing() as ledger:
        numbers = quarantined_numbers(ledger, chosen)
        count = discard(ledger, numbers, reason=reason, by=visit.user.email, now_us=now_us())
    if count:
        visit.record(Action.QUARANTINE_DISCARDED, events=count, reason=reason, code=chosen.code or "")
    return Notice(
        fact=f"{text.counted(count, 'event')} discarded.", consequence="Discarded events can be brought back."
    )


def _restore(visit: Visit, chosen: QuarantineFilter) -> Notice:
    with visit.writing() as ledger:
        count = restore_discarded(ledger, quarantined_numbers(ledger, chosen))
    if count:
        visit.record(Action.QUARANTINE_RESTORED, events=count)
    return Notice(fact=f"{text.counted(count, 'event')} brought back.", consequence="They are in quarantine again.")
