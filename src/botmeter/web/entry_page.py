"""Pages before sign-in: one card with a form and links."""

from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from botmeter.domain.errors import Refused
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.notices import Notice, pop_notice
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class FooterLink:
    """A link below the card."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """A card with an optional form; `kept_path` is the destination after it."""

    frame: Frame
    notice: Notice | None
    sentence: str
    form: BaseForm | None
    submit: str
    kept_path: str
    links: tuple[FooterLink, ...]


def entry_page(request: HttpRequest, heading: str, *, sentence: str = "", **more: Any) -> HttpResponse:
    """Render an `EntryPage` with its fields `more`."""
    status = more.pop("status", 200)
    usual = {"form": None, "submit": "", "kept_path": "", "links": ()}
    page = EntryPage(
        frame=plain_frame(request, title=heading), notice=pop_notice(request), sentence=sentence, **{**usual, **more}
    )
    return rendered(request, "entry_page.html", page=page, status=status)


def add_problem(form: BaseForm, problem: Refused, *, fields: dict[str, str]) -> None:
    """Add an error to the field of its code, or to the form."""
    form.add_error(fields.get(problem.code), problem.message)
