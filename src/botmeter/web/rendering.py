"""Jinja2 environment of pages."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.urls import reverse
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Create the environment; undefined names are errors."""
    made = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701 - Django passes autoescape=True
    made.globals.update(static=staticfiles_storage.url, url=reverse, favicon=_favicon())
    return made


def _favicon() -> str:
    """In the page, because browsers request it on the first visit otherwise."""
    path = Path(str(finders.find("botmeter/mark.svg")))
    return "data:image/svg+xml," + quote(path.read_text(encoding="utf-8").strip(), safe=" /:='")


def rendered(request: HttpRequest, template: str, *, page: object, status: int = 200) -> HttpResponse:
    """Render a page."""
    return HttpResponse(get_template(template).render({"page": page}, request), status=status)
