"""What is done with one source on its page, each by a form of its own."""

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
from botmeter.live.deliver import deliver
from botmeter.live.server_state import server_state
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
from botmeter.web.entry_page import refuse
from botmeter.web.notices import Notice, tell
from botmeter.web.pages.sources.forms import IdentityForm, PullForm, SecretForm, SettingsForm
from botmeter.web.pages.sources.list_page import show_address
from botmeter.web.pages.sources.source_page import Again, source_page

Done = Notice | Again | None
"""What is said of it, the form that was refused, or nothing more to say."""
_LATER: Final = "Later events are read so; what was taken in stays as it is."
_TEST_NUMBER: Final = "test"
_PULL_FIELDS: Final = {
    "pull_url_invalid": "url",
    "pull_token_missing": "token",
    "pull_schedule_invalid": "every",
    "pull_account_invalid": "own_account",
}


@for_member(Right.MANAGE_SOURCES, posts=Right.MANAGE_SOURCES)
def source(visit: Visit, *, source: str) -> HttpResponse:
    """The page; what is sent to it names what shall be done."""
    with visit.reading() as ledger:
        found = source_of(ledger, source)
    if found is None:
        raise Http404
    if visit.request.method != "POST":
        return source_page(visit, found)
    what = visit.request.POST.get("what", "")
    if what not in _DEEDS:
        raise Refused("parameter_invalid", "What shall be done with the source is not said.")
    done = _DEEDS[what](visit, found)
    if isinstance(done, Again):
        return source_page(visit, found, again=done)
    if done is not None:
        tell(visit.request, done)
    route, words = ("sources", ()) if what == "remove" else ("source", (source,))
    return HttpResponseRedirect(reverse(route, args=(visit.account, *words)))


def _author(visit: Visit) -> Author:
    return Author(user=visit.user, request=visit.request)


def _settings(visit: Visit, found: Source) -> Done:
    form = SettingsForm(visit.request.POST, source=found)
    if not form.is_valid():
        return Again(what="settings", form=form)
    try:
        with visit.writing() as ledger:
            is_changed = change_source(ledger, form.changed_source(found), author=_author(visit))
    except Refused as problem:
        refuse(form, problem, fields={})
        return Again(what="settings", form=form)
    return Notice(fact="Saved.", consequence=_LATER) if is_changed else Notice(fact="No changes.")


def _identity_added(visit: Visit, found: Source) -> Done:
    form = IdentityForm(visit.request.POST, platform=found.platform)
    if not form.is_valid():
        return Again(what="identity-add", form=form)
    try:
        identity = form.identity()
        with visit.writing() as ledger:
            add_identity(ledger, found.name, identity=identity, author=_author(visit))
    except Refused as problem:
        refuse(form, problem, fields={})
        return Again(what="identity-add", form=form)
    return Notice(fact=f"{identity.sender} is the bot {identity.bot_id}.", consequence=_LATER)


def _identity_removed(visit: Visit, found: Source) -> Done:
    sender = visit.request.POST.get("sender", "")
    with visit.writing() as ledger:
        remove_identity(ledger, found.name, sender=sender, author=_author(visit))
    return Notice(fact=f"{sender} is no bot any more.", consequence=_LATER)


def _secret(visit: Visit, found: Source) -> Done:
    form = SecretForm(visit.request.POST, platform=found.platform)
    if not form.is_valid():
        return Again(what="secret", form=form)
    try:
        change_secret(visit.account, found, secret=form.cleaned_data["secret"], author=_author(visit))
    except Refused as problem:
        refuse(form, problem, fields={"secret_invalid": "secret"})
        return Again(what="secret", form=form)
    return Notice(fact="The secret is kept.", consequence="Deliveries that it did not sign are refused from now on.")


def _secret_removed(visit: Visit, found: Source) -> Done:
    change_secret(visit.account, found, secret="", author=_author(visit))
    consequence = "From now on whoever has the address can send."
    return Notice(fact="Signatures are not checked any more.", consequence=consequence, kind="warn")


def _rotated(visit: Visit, found: Source) -> Done:
    made = rotate_address(visit.account, found, author=_author(visit))
    show_address(visit, made, fact=f"This is the new address of {found.name}; an old one works no more.")
    return None


def _turned_on(visit: Visit, found: Source) -> Done:
    turn_source(visit.account, found.name, is_on=True, author=_author(visit))
    return Notice(fact=f"{found.name} is on.", consequence="Its deliveries are taken from now on.")


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
        return Again(what="pull", form=form)
    try:
        change_pull(form.settings(), author=_author(visit))
    except Refused as problem:
        refuse(form, problem, fields=_PULL_FIELDS)
        return Again(what="pull", form=form)
    return Notice(fact="Saved.", consequence="What it did not deliver is asked for from now on.")


def _pull_stopped(visit: Visit, found: Source) -> Done:
    stop_pull(visit.account, found.name, author=_author(visit))
    return Notice(fact="It is asked no more.", consequence="The token is forgotten.")


def _pulled_now(visit: Visit, found: Source) -> Done:
    if pull_settings_of(visit.account, found.name) is None:
        return Notice(fact="It is not set up to be asked.", consequence="Say where, and with which token.", kind="warn")
    server_state(visit.request).pulls.want(visit.account, found.name)
    _author(visit).note(Action.SOURCE_PULLED, visit.account, source=found.name)
    return Notice(fact=f"{found.name} is being asked.", consequence="Load the page again to see what came of it.")


def _tested(visit: Visit, found: Source) -> Done:
    # The owner's word stands for the platform's signature, which nobody but the platform can make.
    opened = OpenedSource(account=visit.account, name=found.name, platform=found.platform, secret="", verify_token="")
    sample = connector_of(found.platform).sample
    delivery = Delivery(body=sample.body, headers=sample.headers, received_us=now_us())
    try:
        receipt = deliver(server_state(visit.request).ingestion, opened, delivery=delivery, number=_TEST_NUMBER)
    except BotmeterError as problem:
        return Notice(fact="The test was not taken.", consequence=problem.message, kind="bad")
    why = " ".join(receipt.ignored) or "There was no event in it."
    return Notice(fact="The test was taken, and no number changed.", consequence=why)


def _retried(visit: Visit, found: Source) -> Done:
    del found
    with visit.writing() as ledger:
        receipt = retry(ledger, now_us=now_us())
    return _told(receipt)


def _told(receipt: Receipt) -> Notice:
    kept = f"{text.counted(receipt.rejected + receipt.conflicts, 'event')} stay there."
    left = receipt.accepted + receipt.duplicates
    return Notice(fact=f"{text.counted(left, 'event')} left quarantine.", consequence=kept)


def _removed(visit: Visit, found: Source) -> Done:
    with visit.writing() as ledger:
        delete_source(ledger, found.name, author=_author(visit))
    return Notice(fact=f"{found.name} is removed.", consequence="Its address works no more; its events stay and count.")


_DEEDS: Final[dict[str, Callable[[Visit, Source], Done]]] = {
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
