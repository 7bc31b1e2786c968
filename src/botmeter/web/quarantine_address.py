"""Address of the quarantine's page: filters and cursor."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from botmeter.domain.errors import Refused
from botmeter.ledger.quarantine import QuarantineFilter

SEARCH_LENGTH_MAX: Final = 512
_NAME_LENGTH_MAX: Final = 200
_NUMBER_DIGITS_MAX: Final = 15
_DISCARDED: Final = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineAddress:
    """State of the page; empty: any.

    Attributes:
        after: Number of the entry before the first one shown.
    """

    is_discarded: bool = False
    code: str = ""
    source: str = ""
    search: str = ""
    after: int = 0

    @classmethod
    def of(cls, query: QueryDict) -> "QuarantineAddress":
        """Read an address.

        Raises:
            Refused: `cursor_invalid`.
        """

        def value(name: str, length_max: int) -> str:
            return query.get(name, "").replace("\0", "")[:length_max]

        return cls(
            is_discarded=query.get("show", "") == _DISCARDED,
            code=value("code", _NAME_LENGTH_MAX),
            source=value("source", _NAME_LENGTH_MAX),
            search=value("search", SEARCH_LENGTH_MAX).strip(),
            after=_cursor(query.get("after", "")),
        )

    @property
    def has_filters(self) -> bool:
        return bool(self.code or self.source or self.search)

    @property
    def pairs(self) -> dict[str, str]:
        values = {
            "show": _DISCARDED if self.is_discarded else "",
            "code": self.code,
            "source": self.source,
            "search": self.search,
            "after": str(self.after) if self.after else "",
        }
        return {name: value for name, value in values.items() if value}

    def href(self, account: str, *, route: str = "quarantine", **more: str) -> str:
        query = urlencode({**self.pairs, **more})
        path = reverse(route, args=(account,))
        return f"{path}?{query}" if query else path

    def first_page(self) -> "QuarantineAddress":
        return replace(self, after=0)

    def of_code(self, code: str) -> "QuarantineAddress":
        return replace(self, code=code, after=0)

    def chosen(self, *, finds_content: bool) -> QuarantineFilter:
        return QuarantineFilter(
            code=self.code or None,
            source=self.source or None,
            search=self.search or None,
            is_discarded=self.is_discarded,
            finds_content=finds_content,
        )


def entry_numbers(texts: list[str]) -> tuple[int, ...]:
    """Numbers of selected entries.

    Raises:
        Refused: `parameter_invalid`.
    """
    if not all(map(_is_number, texts)):
        raise Refused("parameter_invalid", "A selected event has no valid number. Reload the page and select again.")
    return tuple(map(int, texts))


def _cursor(given: str) -> int:
    if given and not _is_number(given):
        raise Refused("cursor_invalid", f"Invalid cursor {given[:40]!r}. Start again from the first events.")
    return int(given or 0)


def _is_number(given: str) -> bool:
    return given.isascii() and given.isdigit() and len(given) <= _NUMBER_DIGITS_MAX
