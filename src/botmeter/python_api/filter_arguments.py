"""Filters as keyword arguments; a test ties them to `reports.filters`."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from botmeter.reports.filters import FILTERS, Filters, filters_of

_Values = str | Sequence[str]


class FilterArguments(TypedDict, total=False):
    """Selected and excluded values by filter."""

    bot: _Values
    bot_version: _Values
    channel: _Values
    customer: _Values
    conversation: _Values
    opened_by: _Values
    opened_on: _Values
    cost_centre: _Values
    ticket_type: _Values
    hour: _Values
    not_bot: _Values
    not_bot_version: _Values
    not_channel: _Values
    not_customer: _Values
    not_conversation: _Values
    not_opened_by: _Values
    not_opened_on: _Values
    not_cost_centre: _Values
    not_ticket_type: _Values
    not_hour: _Values
    preview: bool | None


def filters_of_arguments(given: Mapping[str, Any]) -> Filters:
    """Filters of keyword arguments; raises TypeError for others, and as `Filters`."""
    for name in given:
        if name not in FilterArguments.__annotations__:
            raise TypeError(f"unexpected keyword argument {name!r}; filters are {', '.join(_names())}, preview")
    names = [declared.name for declared in FILTERS]
    selected = {name: _texts(name, given.get(name, ())) for name in names}
    excluded = {name: _texts(f"not_{name}", given.get(f"not_{name}", ())) for name in names}
    preview = given.get("preview")
    if preview is not None and not isinstance(preview, bool):
        raise TypeError(f"preview must be True, False or None, not {preview!r:.70}")
    return filters_of(selected, excluded, preview=preview)


def _names() -> list[str]:
    return [name for declared in FILTERS for name in (declared.name, f"not_{declared.name}")]


def _texts(name: str, values: object) -> tuple[str, ...]:
    if isinstance(values, str):
        return (values,)
    texts = tuple(values) if isinstance(values, Sequence) else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} must be a text or a list of texts, not {values!r:.70}")
    return texts
