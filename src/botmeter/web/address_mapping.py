"""Settings and a mapping, kept in a page's address."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

from botmeter.domain.errors import Refused

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from django.http import QueryDict

Document = Mapping[str, Any]
MAPPING_LENGTH_MAX: Final = 16_000
"""Of the mapping in an address, whose length proxies limit; 14 fields take about 1,000."""
_Settings = TypeVar("_Settings", bound="DataclassInstance")


def settings_in(query: "QueryDict", kind: type[_Settings], *, command: str) -> _Settings:
    """Read settings, of which one is `mapping`; raises Refused `mapping_invalid`.

    Args:
        command: Takes longer mappings.
    """
    given = {each.name: str(query[each.name]) for each in fields(kind) if query.get(each.name)}
    if len(given.get("mapping", "")) > MAPPING_LENGTH_MAX:
        raise Refused(
            "mapping_invalid",
            f"The mapping has {len(given['mapping']):,} characters; the limit of this page is "
            f"{MAPPING_LENGTH_MAX:,}. Use `botmeter {command} --mapping`.",
        )
    return kind(**given)


def address_of(settings: "DataclassInstance") -> str:
    """Query string of settings, without defaults."""
    values = {each.name: (getattr(settings, each.name), each.default) for each in fields(settings)}
    return urlencode({name: value for name, (value, default) in values.items() if value != default})


def mapping_in(text: str, *, tables: Collection[str]) -> Document:
    """Parse the mapping of an address; raises Refused `mapping_invalid`.

    Args:
        tables: Fields, each of which has a table.
    """
    try:
        document = json.loads(text or "{}")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused("mapping_invalid", "Invalid mapping: the address does not hold a JSON object.")
    for name in tables:
        if name in document and not isinstance(document[name], dict):
            raise Refused("mapping_invalid", f"Invalid mapping: {name} is no table of the form of a mapping file.")
    return document


def compact(document: Document) -> str:
    """Encode a mapping for an address."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
