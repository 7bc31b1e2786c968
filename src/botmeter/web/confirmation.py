"""Confirmation of an action that can't be undone, by a page that sends it again with the answer.

`confirm.js` shows the page of a link in a dialog.
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, QueryDict

from botmeter.web.access import Visit
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.rendering import rendered

_FIELD: Final = "confirmed"
_YES: Final = "yes"
_OWN_FIELDS: Final = {_FIELD, "csrfmiddlewaretoken"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Question that names the thing, and the effect; `cancel_href` leads back."""

    question: str
    effect: str
    button: str
    cancel_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPage:
    """Question; `fields` are those of the action."""

    frame: Frame
    confirmation: Confirmation
    action: str
    fields: tuple[tuple[str, str], ...]


def sent_parameters(request: HttpRequest) -> QueryDict:
    """Parameters of an action: of its form, or of the link to its confirmation."""
    return request.POST if request.method == "POST" else request.GET


def is_confirmed(request: HttpRequest) -> bool:
    """Test for the confirmation's button."""
    return request.method == "POST" and request.POST.get(_FIELD) == _YES


def account_confirmation(visit: Visit, confirmation: Confirmation, *, section: str) -> HttpResponse:
    """Ask before an action of an account's section."""
    crumbs = section_links(visit.account, section)
    page_frame = frame(visit, title=confirmation.question, current=section, crumbs=crumbs)
    return confirmation_page(visit.request, confirmation, page_frame=page_frame)


def confirmation_page(request: HttpRequest, confirmation: Confirmation, *, page_frame: Frame) -> HttpResponse:
    """Ask before an action."""
    sent = sent_parameters(request)
    page = ConfirmationPage(
        frame=page_frame,
        confirmation=confirmation,
        action=request.path,
        fields=tuple((name, value) for name in sent if name not in _OWN_FIELDS for value in sent.getlist(name)),
    )
    return rendered(request, "confirmation.html", page=page)
