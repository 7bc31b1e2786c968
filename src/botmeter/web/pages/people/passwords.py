"""Password reset by link."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain.errors import Unavailable
from botmeter.people.attempts import AttemptLimit, count_attempt, require_attempt
from botmeter.people.audit import Action, record
from botmeter.people.client_address import network_of
from botmeter.people.email_limits import emails_to
from botmeter.people.guesses import forget_wrong_passwords
from botmeter.people.links import use_up
from botmeter.people.login import begin_login
from botmeter.people.mail_settings import mail_is_set
from botmeter.people.models import Link
from botmeter.people.notifications.security_messages import put_password_link
from botmeter.people.public_address import origin_of
from botmeter.web import components
from botmeter.web.entry_page import entry_page, for_entry
from botmeter.web.notices import EntryNotice
from botmeter.web.pages.people.by_link import user_link
from botmeter.web.pages.people.forms import NewPasswordForm, ResetForm

# Of one client, for any addresses; an office behind one address forgets less.
RESETS: Final = AttemptLimit(name="resets", free_count=20, period=timedelta(hours=1))


@for_entry
def password_reset(request: HttpRequest) -> HttpResponse:
    """Send a link by email; the response doesn't reveal known addresses."""
    back = (components.Link(label="Back to sign in", href=reverse("sign-in")),)
    if not mail_is_set():
        return entry_page(
            request,
            "Forgot your password?",
            sentence="This server does not send email. Ask an account owner or the server administrator for a link to "
            "reset your password.",
            links=back,
        )
    form, refusal = ResetForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        try:
            _send_link(request, form.cleaned_data["email"])
        except Unavailable as error:
            refusal = error
        else:
            return HttpResponseRedirect(EntryNotice.LINK_SENT.href)
    sentence = "We send you a link to choose a new password."
    return entry_page(
        request,
        "Forgot your password?",
        sentence=sentence,
        form=form,
        refusal=refusal,
        submit="Send link",
        links=back,
    )


@for_entry
def password_choose(request: HttpRequest, *, secret: str) -> HttpResponse:
    """Set a password by link and end older sessions."""
    link, user = user_link(secret, Link.Purpose.PASSWORD)
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if not form.is_valid():
        sentence = f"For {user.email}. All other browsers will be signed out."
        return entry_page(request, "Choose a password", sentence=sentence, form=form, submit="Save and sign in")
    # Before the transaction, which should not wait for the hash.
    user.set_password(form.cleaned_data["password"])
    with transaction.atomic():
        use_up(link)
        user.sign_out_count += 1
        user.save()
        # Other password links are void now.
        user.links.filter(purpose__in=[Link.Purpose.PASSWORD, Link.Purpose.SIGN_IN], used_at=None).delete()
    forget_wrong_passwords(user)
    record(Action.PASSWORD_CHANGED, request=request, user=user, by="link")
    return begin_login(request, user, next_path=reverse("home"), method="new password")


def _send_link(request: HttpRequest, address: str) -> None:
    sentence = f"Your network requested more than {RESETS.free_count} links within an hour."
    require_attempt(RESETS.of(network_of(request)), sentence=sentence)
    if count_attempt(emails_to(address)):
        # Not said: others may have requested them, or invited this address.
        return
    # Without looking for the user, so that timing doesn't reveal who is known: the sender does.
    put_password_link(address, origin=origin_of(request))
