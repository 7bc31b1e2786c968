"""Forms of a source's page."""

from collections.abc import Callable
from typing import Final

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import BotmeterError, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.sources import source_of
from botmeter.live.webhook_deliveries import deliver
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.people.source_actions import (
    Author,
    add_identity,
    change_pull,
    change_secret,
    change_source,
    delete_source,
    remove_identity,
    rotate_address,
    stop_pull,
    turn_source,
)
from botmeter.people.source_pulls import pull_settings_of
from botmeter.people.sources import OpenedSource, addressed
from botmeter.sources.payload import Delivery
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.requeue import retry
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.sources.forms import IdentityForm, PullForm, SecretForm, SettingsForm
from botmeter.web.pages.sources.list_page import show_address
from botmeter.web.pages.sources.source_page import InvalidForm, source_page
from botmeter.web.server_state import server_state

Done = Notice | InvalidForm | None
"""Message, invalid form, or nothing to say."""
_LATER: Final = "The change applies to later events; earlier events stay unchanged."
_TEST_NUMBER: Final = "test"
_PULL_FIELDS: Final = {
    "pull_url_invalid": "url",
    "pull_token_missing": "token",
    "pull_schedule_invalid": "every",
    "pull_account_invalid": "own_account",
}


@for_member(Right.MANAGE_SOURCES, posts=Right.MANAGE_SOURCES)
def source(visit: Visit, *, source: str) -> HttpResponse:
    """Show the page; run the form's action on POST."""
    with visit.reading() as ledger:
        found = source_of(ledger, source)
    if found is None:
        raise Http404
    if visit.request.method != "POST":
        return source_page(visit, found)
    what = visit.request.POST.get("what", "")
    if what not in _ACTIONS:
        raise Refused("parameter_invalid", "No action was given for the source.")
    done = _ACTIONS[what](visit, found)
    if isinstance(done, InvalidForm):
        return source_page(visit, found, invalid=done)
    if done is not None:
        add_notice(visit.request, done)
    route, words = ("sources", ()) if what == "remove" else ("source", (source,))
    return HttpResponseRedirect(reverse(route, args=(visit.account, *words)))


def _author(visit: Visit) -> Author:
    return Author(user=visit.user, request=visit.request)


def _settings(visit: Visit, found: Source) -> Done:
    form = SettingsForm(visit.request.POST, source=found)
    if not form.is_valid():
        return InvalidForm(what="settings", form=form)
    try:
        with visit.writing() as ledger:
            is_changed = change_source(ledger, form.changed_source(found), author=_author(visit))
    except Refused as problem:
        add_problem(form, problem, fields={})
        return InvalidForm(what="settings", form=form)
    return Notice(fact="Saved.", consequence=_LATER) if is_changed else Notice(fact="No changes.")


def _identity_added(visit: Visit, found: Source) -> Done:
    form = IdentityForm(visit.request.POST, platform=found.platform)
    if not form.is_valid():
        return InvalidForm(what="identity-add", form=form)
    try:
        identity = form.identity()
        with visit.writing() as ledger:
            add_identity(ledger, found.name, identity=identity, author=_author(visit))
    except Refused as problem:
        add_problem(form, problem, fields={})
        return InvalidForm(what="identity-add", form=form)
    return Notice(fact=f"{identity.sender} is now the bot {identity.bot_id}.", consequence=_LATER)


def _identity_removed(visit: Visit, found: Source) -> Done:
    sender = visit.request.POST.get("sender", "")
    with visit.writing() as ledger:
        remove_identity(ledger, found.name, sender=sender, author=_author(visit))
    return Notice(fact=f"{sender} is no longer a bot.", consequence=_LATER)


def _secret(visit: Visit, found: Source) -> Done:
    form = SecretForm(visit.request.POST, platform=found.platform)
    if not form.is_valid():
        return InvalidForm(what="secret", form=form)
    try:
        change_secret(visit.account, found, secret=form.cleaned_data["secret"], author=_author(visit))
    except Refused as problem:
        add_problem(form, problem, fields={"secret_invalid": "secret"})
        return InvalidForm(what="secret", form=form)
    return Notice(fact="Secret saved.", consequence="Deliveries without its signature are refused from now on.")


def _secret_removed(visit: Visit, found: Source) -> Done:
    change_secret(visit.account, found, secret="", author=_author(visit))
    consequence = "Anyone who has the address can send."
    return Notice(fact="Signatures are no longer checked.", consequence=consequence, kind="warn")


def _rotated(visit: Visit, found: Source) -> Done:
    made = rotate_address(visit.account, found, author=_author(visit))
    show_address(visit, made, fact=f"New address of {found.name}; the old one no longer works:")
    return None


def _turned_on(visit: Visit, found: Source) -> Done:
    turn_source(visit.account, found.name, is_on=True, author=_author(visit))
    return Notice(fact=f"{found.name} is on.", consequence="Its deliveries are accepted from now on.")


def _turned_off(visit: Visit, found: Source) -> Done:
    turn_source(visit.account, found.name, is_on=False, author=_author(visit))
    consequence = "Its deliveries are refused from now on; a platform may give up after a while."
    return Notice(fact=f"{found.name} is off.", consequence=consequence, kind="warn")


def _pull(visit: Visit, found: Source) -> Done:
    api = connector_of(found.platform).pull
    if api is None:
        raise Http404
    form = PullForm(visit.request.POST, address=addressed(visit.account, found.name), api=api)
    if not form.is_valid():
        return InvalidForm(what="pull", form=form)
    try:
        change_pull(form.settings(), author=_author(visit))
    except Refused as problem:
        add_problem(form, problem, fields=_PULL_FIELDS)
        return InvalidForm(what="pull", form=form)
    return Notice(fact="Saved.", consequence="Missed events are pulled from now on.")


def _pull_stopped(visit: Visit, found: Source) -> Done:
    stop_pull(visit.account, found.name, author=_author(visit))
    return Notice(fact="Pulls stopped.", consequence="The token was deleted.")


def _pulled_now(visit: Visit, found: Source) -> Done:
    if pull_settings_of(visit.account, found.name) is None:
        return Notice(fact="Pulls are not set up.", consequence="Enter the API address and the token.", kind="warn")
    server_state(visit.request).pulls.request(visit.account, found.name)
    _author(visit).note(Action.SOURCE_PULLED, visit.account, source=found.name)
    return Notice(fact=f"Pull of {found.name} requested.", consequence="Reload the page to see its result.")


def _tested(visit: Visit, found: Source) -> Done:
    # Only the platform can sign; the owner's request replaces its signature.
    opened = OpenedSource(account=visit.account, name=found.name, platform=found.platform, secret="", verify_token="")
    sample = connector_of(found.platform).sample
    delivery = Delivery(body=sample.body, headers=sample.headers, received_us=now_us())
    try:
        receipt = deliver(server_state(visit.request).ingestion, opened, delivery=delivery, number=_TEST_NUMBER)
    except BotmeterError as problem:
        return Notice(fact="The test was refused.", consequence=problem.message, kind="bad")
    why = " ".join(receipt.ignored) or "It contained no event."
    return Notice(fact="The test was accepted, and no number changed.", consequence=why)


def _retried(visit: Visit, found: Source) -> Done:
    del found
    with visit.writing() as ledger:
        receipt = retry(ledger, now_us=now_us())
    return _retry_notice(receipt)


def _retry_notice(receipt: Receipt) -> Notice:
    kept = f"{text.counted(receipt.rejected + receipt.conflicts, 'event')} remain."
    left = receipt.accepted + receipt.duplicates
    return Notice(fact=f"{text.counted(left, 'event')} left quarantine.", consequence=kept)


def _removed(visit: Visit, found: Source) -> Done:
    with visit.writing() as ledger:
        delete_source(ledger, found.name, author=_author(visit))
    return Notice(
        fact=f"{found.name} was removed.", consequence="Its address no longer works; its events stay and count."
    )


_ACTIONS: Final[dict[str, Callable[[Visit, Source], Done]]] = {
    "settings": _settings,
    "identity-add": _identity_added,
    "identity-remove": _identity_removed,
    "secret": _secret,
    "secret-remove": _secret_removed,
    "rotate": _rotated,
    "turn-on": _turned_on,
    "turn-off": _turned_off,
    "pull": _pull,
    "pull-stop": _pull_stopped,
    "pull-now": _pulled_now,
    "test": _tested,
    "retry": _retried,
    "remove": _removed,
}
