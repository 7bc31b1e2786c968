"""Forms and buttons of a source's page."""

from collections.abc import Callable
from typing import Final

from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from botmeter.domain.errors import BotmeterError, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.source import Source
from botmeter.ledger.sources import source_of
from botmeter.live.webhook_deliveries import deliver
from botmeter.people import source_actions
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.people.source_pulls import pull_settings_of
from botmeter.people.sources import OpenedSource, event_source
from botmeter.sources.payloads.payload import Delivery
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import is_confirmed
from botmeter.web.form_errors import form_errors
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.sources.confirmations import source_confirmation
from botmeter.web.pages.sources.forms import BotForm, IdentityForm, PullForm, SecretForm, SettingsForm, source_forms
from botmeter.web.pages.sources.list_page import address_notice
from botmeter.web.pages.sources.source_page import TEST_NUMBER, source_page
from botmeter.web.server_state import server_state

_LATER: Final = "The change applies to later events; earlier events stay unchanged."
_FIELD_OF_CODE: Final = {
    "secret_invalid": "secret",
    "pull_url_invalid": "url",
    "pull_token_missing": "token",
    "pull_schedule_invalid": "every",
    "pull_account_invalid": "own_account",
}


@for_member(Right.MANAGE_SOURCES, posts=Right.MANAGE_SOURCES)
def source(visit: Visit, *, source: str) -> HttpResponse:
    """Show the page; run an action on POST."""
    with visit.reading() as ledger:
        stored = source_of(ledger, source)
    if stored is None:
        raise Http404
    address = event_source(visit.account, source)
    asked = source_confirmation(visit, stored, address=address)
    if asked is not None and not is_confirmed(visit.request):
        return asked
    action = visit.request.POST.get("what", "")
    forms = source_forms(stored, address, action=action, data=visit.request.POST)
    if visit.request.method == "POST":
        notice = _result(visit, stored, action=action, form=forms.get(action))
        if notice is not None:
            add_notice(visit.request, notice)
            return _redirect(visit, action)
    return source_page(visit, stored, address=address, forms=forms)


def _redirect(visit: Visit, action: str) -> HttpResponse:
    if action == "remove":
        return redirect("sources", visit.account)
    return redirect(visit.request.path if action in _IN_STEPS else f"{visit.request.path}?more")


def _result(visit: Visit, source: Source, *, action: str, form: Form | None) -> Notice | None:
    """Run an action; None if its form has errors."""
    if action in _BUTTONS:
        return _BUTTONS[action](visit, source)
    if action not in _FORMS:
        raise Refused("parameter_invalid", "No action was given for the source.")
    if form is None:
        raise Http404
    if form.is_valid():
        with form_errors(form, fields=_FIELD_OF_CODE):
            return _FORMS[action](visit, source, form=form)
    return None


def _author(visit: Visit) -> source_actions.Author:
    return source_actions.Author(user=visit.user, request=visit.request)


def _save_settings(visit: Visit, source: Source, *, form: BotForm | SettingsForm) -> Notice:
    with visit.writing() as ledger:
        is_changed = source_actions.change_source(ledger, form.changed_source(source), author=_author(visit))
    return Notice(fact="Saved.", consequence=_LATER) if is_changed else Notice(fact="No changes.")


def _add_identity(visit: Visit, source: Source, *, form: IdentityForm) -> Notice:
    identity = form.identity()
    with visit.writing() as ledger:
        source_actions.add_identity(ledger, source.name, identity=identity, author=_author(visit))
    return Notice(fact=f"{identity.sender} is now the bot {identity.bot_id}.", consequence=_LATER)


def _remove_identity(visit: Visit, source: Source) -> Notice:
    sender = visit.request.POST.get("sender", "")
    with visit.writing() as ledger:
        source_actions.remove_identity(ledger, source.name, sender=sender, author=_author(visit))
    return Notice(fact=f"{sender} is no longer a bot.", consequence=_LATER)


def _save_secret(visit: Visit, source: Source, *, form: SecretForm) -> Notice:
    source_actions.change_secret(visit.account, source, secret=form.cleaned_data["secret"], author=_author(visit))
    return Notice(fact="Secret saved.", consequence="Deliveries without its signature are refused from now on.")


def _remove_secret(visit: Visit, source: Source) -> Notice:
    source_actions.change_secret(visit.account, source, secret="", author=_author(visit))
    consequence = "Anyone who has the address can send."
    return Notice(fact="Signatures are no longer checked.", consequence=consequence, kind="warn")


def _rotate_address(visit: Visit, source: Source) -> Notice:
    new = source_actions.rotate_address(visit.account, source, author=_author(visit))
    return address_notice(visit, new, fact=f"New address of {source.name}; the old one no longer works:")


def _turn_on(visit: Visit, source: Source) -> Notice:
    source_actions.turn_source(visit.account, source.name, is_on=True, author=_author(visit))
    return Notice(fact=f"{source.name} is on.", consequence="Its deliveries are accepted from now on.")


def _turn_off(visit: Visit, source: Source) -> Notice:
    source_actions.turn_source(visit.account, source.name, is_on=False, author=_author(visit))
    consequence = "Its deliveries are refused from now on; a platform may stop retrying after a while."
    return Notice(fact=f"{source.name} is off.", consequence=consequence, kind="warn")


def _save_pull(visit: Visit, source: Source, *, form: PullForm) -> Notice:  # noqa: ARG001 - its form has the source
    source_actions.change_pull(form.settings(), author=_author(visit))
    return Notice(fact="Saved.", consequence="Missed events are pulled from now on.")


def _stop_pull(visit: Visit, source: Source) -> Notice:
    source_actions.stop_pull(visit.account, source.name, author=_author(visit))
    return Notice(fact="Pulls stopped.", consequence="The token was deleted.")


def _pull_now(visit: Visit, source: Source) -> Notice:
    if pull_settings_of(visit.account, source.name) is None:
        return Notice(fact="Pulls are not set up.", consequence="Enter the API address and the token.", kind="warn")
    server_state(visit.request).pulls.request(visit.account, source.name)
    visit.record(Action.SOURCE_PULLED, source=source.name)
    return Notice(fact=f"Pull of {source.name} requested.", consequence="Reload the page to see its result.")


def _send_test(visit: Visit, source: Source) -> Notice:
    # Only the platform can sign; the owner's request replaces its signature.
    opened = OpenedSource(account=visit.account, name=source.name, platform=source.platform, secret="", verify_token="")
    sample = connector_of(source.platform).sample
    delivery = Delivery(body=sample.body, headers=sample.headers, received_us=now_us())
    try:
        receipt = deliver(server_state(visit.request).ingestion, opened, delivery=delivery, number=TEST_NUMBER)
    except BotmeterError as problem:
        return Notice(fact="The test was refused.", consequence=problem.message, kind="bad")
    reason = " ".join(receipt.ignored) or "It contained no event."
    return Notice(fact="The test was accepted, and no number changed.", consequence=reason)


def _remove(visit: Visit, source: Source) -> Notice:
    with visit.writing() as ledger:
        source_actions.delete_source(ledger, source.name, author=_author(visit))
    consequence = "Its address no longer works; its events stay and count."
    return Notice(fact=f"{source.name} was removed.", consequence=consequence)


_FORMS: Final[dict[str, Callable[..., Notice]]] = {
    "bot": _save_settings,
    "settings": _save_settings,
    "identity-add": _add_identity,
    "secret": _save_secret,
    "pull": _save_pull,
}
_BUTTONS: Final[dict[str, Callable[[Visit, Source], Notice]]] = {
    "identity-remove": _remove_identity,
    "secret-remove": _remove_secret,
    "rotate": _rotate_address,
    "turn-on": _turn_on,
    "turn-off": _turn_off,
    "pull-stop": _stop_pull,
    "pull-now": _pull_now,
    "test": _send_test,
    "remove": _remove,
}
_IN_STEPS: Final = {"bot", "test", "rotate", "turn-on", "turn-off"}
"""Actions of the steps; the others are below them, under More."""
