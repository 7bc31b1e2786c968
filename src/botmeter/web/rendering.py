"""Templates: a Jinja2 environment that escapes everything, and one way to make a page of a dataclass."""

from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Jinja2 as our templates want it: a name that is not there is an error, not an empty place."""
    made = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701 - Django passes autoescape=True
    made.globals.update(static=staticfiles_storage.url)
    return made


def rendered(request: HttpRequest, template: str, *, page: object, status: int = 200) -> HttpResponse:
    """The page as HTML."""
    return HttpResponse(get_template(template).render({"page": page}, request), status=status)
