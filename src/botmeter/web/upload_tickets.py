"""Files sent by a page's form, whose sender is checked before the body is read.

The form's address has a ticket of the session, so that a file of another site's form is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from django.core import signing
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from botmeter.domain.errors import BotmeterError, Missing, NotAllowed
from botmeter.live.uploads import Purpose
from botmeter.people.database_failures import open_database
from botmeter.people.models import Membership
from botmeter.web.access import View
from botmeter.web.large_bodies import signed_in_by

RECEIVED_KEY: Final = "botmeter.received_file"
"""Key, in the WSGI environment, of an `Upload` or of the error that refused it."""
TICKET_SECONDS: Final = 86_400
_SALT: Final = "botmeter.upload"
_MARK: Final = "takes_upload"
_PERMISSIONS: Final[dict[Purpose, str]] = {"import": "import files", "bill": "check bills"}
_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Member who may upload a file to the account."""

    account: str
    email: str
    purpose: Purpose


def takes_upload(purpose: Purpose) -> Callable[[_View], _View]:
    """Let a view, whose address has `account` and `ticket`, take a file from those with its right."""

    def declared(view: _View) -> _View:
        marked: _View = csrf_exempt(view)
        setattr(marked, _MARK, purpose)
        return marked

    return declared


def upload_ticket(request: HttpRequest, account: str) -> str:
    """Ticket for the session of the request."""
    subject = _subject(str(request.session.session_key), account)
    return signing.TimestampSigner(salt=_SALT).sign(subject).removeprefix(f"{subject}:")


def is_upload(path: str) -> bool:
    """Check the path's view."""
    try:
        return hasattr(resolve(path).func, _MARK)
    except Resolver404:
        return False


def uploader(path: str, headers: Mapping[str, str]) -> Uploader:
    """Return who sends a file to the path of an upload.

    Raises:
        Missing: `page_unknown` for strangers.
        NotAllowed: `right_missing`, or `form_foreign` without a valid ticket.
    """
    match = resolve(path)
    account, right = match.kwargs["account"], cast("View", match.func).posts
    purpose: Purpose = getattr(match.func, _MARK)
    with open_database():
        signed_in = signed_in_by(headers)
        member = signed_in and Membership.objects.filter(user=int(signed_in.user), account=account).first()
        email = member.user.email if member else ""
    if not signed_in or not member:
        raise Missing("page_unknown", "The page does not exist, or you do not have access to it.")
    if right is None or right not in member.rights:
        raise NotAllowed("right_missing", f"Your role in {account} lacks the permission to {_PERMISSIONS[purpose]}.")
    if not _is_valid(match.kwargs["ticket"], _subject(signed_in.session_key, account)):
        raise NotAllowed(
            "form_foreign",
            "The form has expired or was not sent from this site. The file was not read; choose it again on this page.",
        )
    return Uploader(account=account, email=email, purpose=purpose)


def received_file(request: HttpRequest) -> object:
    """Return what the server has received; raises the error that refused it."""
    received = request.META.get(RECEIVED_KEY)
    if isinstance(received, BotmeterError):
        raise received
    return received


def _subject(session_key: str, account: str) -> str:
    return f"{session_key}:{account}"


def _is_valid(ticket: str, subject: str) -> bool:
    try:
        signing.TimestampSigner(salt=_SALT).unsign(f"{subject}:{ticket}", max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return False
    return True
