"""The Jinja2 environment and rendering of pages."""

from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.urls import reverse
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Create the environment; undefined names are errors."""
    made = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701 - Django passes autoescape=True
    made.globals.update(static=staticfiles_storage.url, url=reverse)
    return made


def rendered(request: HttpRequest, template: str, *, page: object, status: int = 200) -> HttpResponse:
    """Render the page."""
    return HttpResponse(get_template(template).render({"page": page}, request), status=status)
