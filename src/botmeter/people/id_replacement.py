"""Pseudonyms in place of an erased customer's ids."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode

from botmeter.domain.text import short_id
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.people.audit import DETAIL_LENGTH_MAX
from botmeter.reports.filters import FILTERS

_CUT: Final = "…"
_FILTERS: Final = tuple(declared for declared in FILTERS if declared.is_id)
# Values of other parameters, such as bots, can be equal to an id and stay.
_PARAMETERS: Final = {"search", *(name for each in _FILTERS for name in (each.name, each.not_parameter))}
_FILTER_OF_IDS: Final = re.compile(rf"(\b(?:{'|'.join(each.name for each in _FILTERS)}) (?:not )?)")
_WORD: Final = re.compile(r"\w(?:[^\s/?&,;()'\"]*\w)?")
# Details of audit entries that are not about customers: a customer whose id is "owner" must not change roles.
_KEPT_DETAILS: Final = frozenset(
    (
        *("after", "before", "by", "email", "file", "instead_of", "invited_as", "invited_by", "key", "may_export"),
        *("old_lives_on", "platform", "role", "rows", "scopes", "step", "to", "until"),
    )
)


class IdReplacement:
    """Replaces ids by pseudonyms."""

    def __init__(self, ids: ErasedIds) -> None:
        self._values = {**ids.others, **dict.fromkeys(ids.customers, ids.pseudonym)}
        # Descriptions show long ids shortened.
        self._values |= {short_id(value): short_id(pseudonym) for value, pseudonym in self._values.items()}
        self._pseudonym = ids.pseudonym
        texts = sorted({each for value in ids.customers for each in (value, short_id(value))}, key=len, reverse=True)
        # As a whole word, so that erasing c1 does not touch c12.
        self._customer = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, texts))})(?!\w)")

    def in_text(self, text: str) -> str:
        """Replace the customer's ids as words, other ids as whole texts."""
        return self._values.get(text) or self._customer.sub(self._pseudonym, text)

    def in_message(self, text: str) -> str:
        return _WORD.sub(lambda word: self._values.get(word[0], word[0]), self._customer.sub(self._pseudonym, text))

    def in_query(self, query: str, *, is_cut: bool = False) -> str:
        """Replace in a query string; if it was cut, also the start of an id."""
        before = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
        pairs = [(name, self.in_text(value) if name in _PARAMETERS else value) for name, value in before]
        # A cut percent-encoding is no part of the id's start.
        if is_cut and pairs and self._begins_id(re.sub(r"%.?$|\ufffd", "", pairs[-1][1])):
            pairs[-1] = (pairs[-1][0], _CUT)
        if pairs == before:
            return query
        return f"{query[: query.startswith('?')]}{urlencode(list(dict.fromkeys(pairs)))}"

    def in_description(self, text: str, *, is_cut: bool = False) -> str:
        """Replace in a description such as `30 days, customer c1 or c2`."""
        parts = _FILTER_OF_IDS.split(text)
        # Names of filters stand at the odd positions, values and what follows at the even ones.
        for index in range(2, len(parts), 2):
            parts[index] = "".join(self._values.get(value, value) for value in re.split(r"(, | or )", parts[index]))
        if is_cut:
            end = re.split(r", | or ", parts[-1])[-1]
            if len(parts) > 1 and self._begins_id(end):
                parts[-1] = f"{parts[-1].removesuffix(end)}{_CUT}"
        return self._customer.sub(self._pseudonym, "".join(parts))

    def in_detail(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: value if name in _KEPT_DETAILS else self._in_detail(name, value) for name, value in detail.items()
        }

    def in_content(self, content: Any) -> Any:
        match content:
            case str():
                return self.in_text(content)
            case list():
                return [self.in_content(each) for each in content]
            case dict():
                return {
                    name: self.in_query(value) if name == "query" and isinstance(value, str) else self.in_content(value)
                    for name, value in content.items()
                }
            case _:
                return content

    def occurs_in(self, value: Any) -> bool:
        """Search a JSON value for an id."""
        return any(
            self._customer.search(unquote_plus(text))
            or any(unquote_plus(part) in self._values for part in re.split(r"[/?&=#]", text))
            for text in _texts(value)
        )

    def _in_detail(self, name: str, value: Any) -> Any:
        match value:
            case str():
                is_cut = len(value) >= DETAIL_LENGTH_MAX
                if name == "query":
                    return self.in_query(value, is_cut=is_cut)
                return self.in_description(value, is_cut=is_cut) if name == "shows" else self.in_text(value)
            case list():
                return [self.in_text(each) if isinstance(each, str) else each for each in value]
            case _:
                return value

    def _begins_id(self, text: str) -> bool:
        return bool(text) and any(value.startswith(text) for value in self._values)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | dict():
            for each in value.values() if isinstance(value, dict) else value:
                yield from _texts(each)
