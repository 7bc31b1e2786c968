"""Query parameters, each declared once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from django.http import QueryDict
from msgspec import Meta

from botmeter.domain.errors import Refused
from botmeter.domain.period import DAYS_MAX
from botmeter.domain.source import DEFAULT_SOURCE
from botmeter.reports.export import FORMATS
from botmeter.reports.filters import FILTERS, FilterDeclaration
from botmeter.reports.presets import Preset
from botmeter.reports.report_json import WORD_ORDER, Day
from botmeter.reports.row_options import LIMIT_MAX, SEARCH_LENGTH_MAX, Grouping, SortKey
from botmeter.reports.rows import COLUMNS
from botmeter.web.report_address import PreviewChoice

LIMIT_DEFAULT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter.

    Attributes:
        type: Of one value. Code that reads the value checks `extra_json_schema`, under its own error code.
        default: For documentation.
        is_list: Can be repeated.
    """

    name: str
    description: str
    type: Any
    example: str
    default: str | None = None
    is_list: bool = False
    is_number: bool = False

    def check(self, values: list[str]) -> None:
        """Check a request's values.

        Raises:
            Refused: `parameter_repeated`, `parameter_invalid`.
        """
        if len(values) > 1 and not self.is_list:
            raise Refused("parameter_repeated", f"Parameter {self.name} was given {len(values)} times; give it once.")
        for value in filter(None, values):
            is_whole = self.is_number and value.isascii() and value.isdecimal() and len(value) < 10
            try:
                msgspec.convert(int(value) if is_whole else value, self.type)
            except msgspec.ValidationError:
                raise Refused("parameter_invalid", self._sentence(value)) from None

    @property
    def _words(self) -> list[str]:
        words: list[str] = msgspec.json.schema(self.type)[WORD_ORDER]
        return words

    def _sentence(self, value: str) -> str:
        choices = "a whole number" if self.is_number else f"one of {', '.join(self._words)}"
        return f"Parameter {self.name} can't be {value[:40]!r}. Use {choices}."


def _choice(words: Iterable[str]) -> Any:
    known = [str(word) for word in words]
    return Annotated[Literal[tuple(known)], Meta(extra_json_schema={WORD_ORDER: known})]


def _filter(declared: FilterDeclaration) -> Iterator[Parameter]:
    pattern = Meta(extra_json_schema={"pattern": declared.pattern} if declared.pattern else {})
    value = Annotated[str, pattern]
    yield Parameter(
        name=declared.name,
        description=f"Only sessions {declared.condition}. Repeatable: any value matches.",
        type=value,
        example=declared.example,
        is_list=True,
    )
    yield Parameter(
        name=declared.not_parameter,
        description=f"Exclude sessions {declared.condition}. Repeatable.",
        type=value,
        example=declared.example,
        is_list=True,
    )


QUESTION: Final = (
    Parameter(
        name="from",
        description="First day, in the time zone. Default: 29 days before the last. A day before the account's data "
        "starts is moved up to that day; the answer's `period` has the days that were used. At most "
        f"{DAYS_MAX:,} days.",
        type=Day,
        example="2026-10-24",
    ),
    Parameter(name="to", description="Last day, included. Default: today.", type=Day, example="2026-11-22"),
    Parameter(
        name="period",
        description="A named period, instead of `from` and `to`.",
        type=_choice(Preset),
        example=Preset.TODAY.value,
    ),
    Parameter(
        name="timezone",
        description="Time zone of the days, as an IANA name. Charges are in UTC.",
        type=str,
        example="Asia/Kolkata",
        default="UTC",
    ),
    *(parameter for declared in FILTERS for parameter in _filter(declared)),
    Parameter(
        name="preview",
        description="Include sessions that a preview opened, count only them, or leave them out.",
        type=_choice(PreviewChoice),
        example=PreviewChoice.INCLUDED.value,
        default=PreviewChoice.INCLUDED.value,
    ),
)

_SEARCH: Final = Parameter(
    name="search",
    description="Only the session with this id, or rows whose customer, conversation or ticket id starts with it.",
    type=Annotated[str, Meta(extra_json_schema={"maxLength": SEARCH_LENGTH_MAX})],
    example="cus_84",
)

PAGE: Final = (
    Parameter(
        name="group",
        description="List rows of the underlying data (conversation), or sessions.",
        type=_choice((Grouping.CONVERSATION, Grouping.SESSION)),
        example=Grouping.CONVERSATION.value,
        default=Grouping.CONVERSATION.value,
    ),
    Parameter(
        name="sort",
        description="Order of the sessions; with a minus, descending.",
        type=_choice(f"{sign}{key}" for key in SortKey for sign in ("", "-")),
        example=SortKey.SESSION_START.value,
        default=SortKey.SESSION_START.value,
    ),
    _SEARCH,
    Parameter(
        name="limit",
        description="Maximum number of items in a page.",
        type=Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT})],
        example=str(LIMIT_DEFAULT),
        is_number=True,
    ),
    Parameter(
        name="cursor",
        description="The `next_cursor` of the previous page; all other parameters must stay the same.",
        type=str,
        example="eyJhIjox",
    ),
)

FILE: Final = (
    Parameter(
        name="format",
        description="Format of the file.",
        type=Annotated[str, Meta(extra_json_schema={"enum": list(FORMATS)})],
        example="csv",
        default="csv",
    ),
    Parameter(
        name="columns",
        description=f"Columns in their order, separated by commas: {', '.join(COLUMNS)}. Default: all.",
        type=str,
        example="session_id,session_start,customer_id",
    ),
    _SEARCH,
)

EVENTS: Final = (
    Parameter(
        name="atomic",
        description="`true`: all events are accepted or none.",
        type=Annotated[str, Meta(extra_json_schema={"enum": ["true", "false"]})],
        example="false",
        default="false",
    ),
    Parameter(
        name="source",
        description="Source of the events. The same event from two sources is two events.",
        type=str,
        example=DEFAULT_SOURCE,
        default=DEFAULT_SOURCE,
    ),
)


def check_parameters(query: QueryDict, *, known: tuple[Parameter, ...]) -> None:
    """Check a request's parameters.

    Raises:
        Refused: `parameter_unknown`, `parameter_repeated`, `parameter_invalid`.
    """
    by_name = {parameter.name: parameter for parameter in known}
    for name in query:
        if name not in by_name:
            names = ", ".join(by_name) or "no parameter"
            raise Refused("parameter_unknown", f"Unknown parameter {name[:40]!r}. Use {names}.")
        by_name[name].check(query.getlist(name))
