"""Refusals as errors of a form."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.forms import BaseForm

from botmeter.domain.errors import Refused, Unavailable


@contextmanager
def form_errors(form: BaseForm, *, fields: Mapping[str, str]) -> Iterator[None]:
    """Add a refusal to the field of its code, or else to the form; `Unavailable` only to a field."""
    try:
        yield
    except (Refused, Unavailable) as problem:
        if isinstance(problem, Unavailable) and problem.code not in fields:
            raise
        field = fields.get(problem.code)
        form.add_error(field if field in form.fields else None, problem.message)
