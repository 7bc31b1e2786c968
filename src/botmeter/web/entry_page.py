"""Pages before sign-in: one card with a form and links."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from botmeter.domain.errors import Unavailable
from botmeter.web.access import View, for_everyone
from botmeter.web.components import Link
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.rendering import rendered
from botmeter.web.server_state import secret_lookup
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Card with an optional form; `next_path` is the destination after it."""

    frame: Frame
    sentence: str
    form: BaseForm | None
    submit: str
    next_path: str
    links: tuple[Link, ...]


def for_entry(view: Callable[..., HttpResponse]) -> View:
    """Declare a page before sign-in; wrong secrets in its address are limited."""

    @wraps(view)
    def guarded(request: HttpRequest, **parameters: Any) -> HttpResponse:
        if "secret" not in parameters:
            return view(request)
        # With its path, since a link works for one purpose.
        with secret_lookup(request, request.path):
            return view(request, **parameters)

    return for_everyone(sensitive_post_parameters("password")(require_http_methods(["GET", "HEAD", "POST"])(guarded)))


def entry_page(
    request: HttpRequest, heading: str, *, sentence: str = "", refusal: Unavailable | None = None, **more: Any
) -> HttpResponse:
    """Render an `EntryPage` with more fields, a notice, and its form's refusal."""
    if form := more.get("form"):
        next(iter(form.fields.values())).widget.attrs["autofocus"] = True
        if refusal is not None:
            form.add_error(None, refusal.message)
    page_frame = plain_frame(request, title=heading, notice=more.pop("notice", None))
    usual = {"form": None, "submit": "", "next_path": "", "links": ()}
    page = EntryPage(frame=page_frame, sentence=sentence, **{**usual, **more})
    if refusal is None:
        return rendered(request, "entry_page.html", page=page)
    response = rendered(request, "entry_page.html", page=page, status=status_of(refusal))
    response.headers["Retry-After"] = str(refusal.retry_after_seconds or RETRY_AFTER_SECONDS)
    return response
