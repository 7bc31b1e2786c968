"""The words that an address of the API may hold: what is documented is what is taken, and nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.domain.period import DAYS_MAX
from botmeter.reports.export import FORMATS
from botmeter.reports.filters import FILTER_VALUES_MAX, FILTERS, FilterDeclaration
from botmeter.reports.presets import Preset
from botmeter.reports.row_look import LIMIT_MAX, SEARCH_LENGTH_MAX, Grouping, SortKey
from botmeter.reports.rows import COLUMNS
from botmeter.web.report_query import PreviewChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One word of an address.

    Attributes:
        schema: Of one value, as JSON Schema.
        is_list: It can be given several times.
    """

    name: str
    description: str
    schema: dict[str, Any]
    example: str
    is_list: bool = False

    @property
    def documented(self) -> dict[str, Any]:
        """The parameter as OpenAPI has it."""
        schema = {"type": "array", "items": self.schema, "maxItems": FILTER_VALUES_MAX} if self.is_list else self.schema
        return {
            "in": "query",
            "name": self.name,
            "description": self.description,
            "required": False,
            "schema": schema,
            "example": [self.example] if self.is_list else self.example,
        }


def _filter(declared: FilterDeclaration) -> Iterator[Parameter]:
    """Both parameters of a filter: its "is" and its "is not"."""
    schema = {"type": "string", "pattern": declared.pattern} if declared.pattern else {"type": "string"}
    yield Parameter(
        name=declared.name,
        description=f"Only sessions {declared.condition}. Repeatable: any value matches.",
        schema=schema,
        example=declared.example,
        is_list=True,
    )
    yield Parameter(
        name=declared.not_parameter,
        description=f"Exclude sessions {declared.condition}. Repeatable.",
        schema=schema,
        example=declared.example,
        is_list=True,
    )


def _word(name: str, description: str, *, words: Iterable[str], default: str | None = None) -> Parameter:
    known = [str(word) for word in words]
    schema: dict[str, Any] = {"type": "string", "enum": known}
    if default is not None:
        schema["default"] = default
    return Parameter(name=name, description=description, schema=schema, example=default or known[0])


_DAY: Final = {"type": "string", "format": "date"}

QUESTION: Final = (
    Parameter(
        name="from",
        description="The first day, in the time zone. Left out: 29 days before the last. A day before the account's "
        "data starts is moved up to where it does; the answer's `period` says which days it is about. At most "
        f"{DAYS_MAX:,} days.",
        schema=_DAY,
        example="2026-10-24",
    ),
    Parameter(name="to", description="The last day, included. Left out: today.", schema=_DAY, example="2026-11-22"),
    _word("period", "A named period, instead of `from` and `to`.", words=Preset),
    Parameter(
        name="timezone",
        description="The time zone of the days, by its IANA name. Charges are in UTC.",
        schema={"type": "string", "default": "UTC"},
        example="Asia/Kolkata",
    ),
    *(parameter for declared in FILTERS for parameter in _filter(declared)),
    _word(
        "preview",
        "Whether sessions count that a preview opened.",
        words=PreviewChoice,
        default=PreviewChoice.INCLUDED.value,
    ),
)

_SEARCH: Final = Parameter(
    name="search",
    description="Only the session with this id, or rows whose customer, conversation or ticket id starts so.",
    schema={"type": "string", "maxLength": SEARCH_LENGTH_MAX},
    example="cus_84",
)

PAGE: Final = (
    _word(
        "group",
        "What an item is: a row of the underlying data (conversation) or a session.",
        words=(Grouping.CONVERSATION, Grouping.SESSION),
        default=Grouping.CONVERSATION.value,
    ),
    _word(
        "sort",
        "What the sessions are sorted by; with a minus, downwards.",
        words=[f"{sign}{word}" for word in SortKey for sign in ("", "-")],
        default=SortKey.SESSION_START.value,
    ),
    _SEARCH,
    Parameter(
        name="limit",
        description="The most items of a page.",
        schema={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 100},
        example="100",
    ),
    Parameter(
        name="cursor",
        description="The `next_cursor` of the page before, with all else as it was. Left out: the first page.",
        schema={"type": "string"},
        example="eyJhIjox",
    ),
)


FILE: Final = (
    _word("format", "How the file is written.", words=FORMATS, default="csv"),
    Parameter(
        name="columns",
        description=f"Which columns, in which order, with commas between: {', '.join(COLUMNS)}. Left out: all.",
        schema={"type": "string"},
        example="session_id,session_start,customer_id",
    ),
    _SEARCH,
)


def checked(given: QueryDict, *, known: tuple[Parameter, ...]) -> None:
    """Refuses words that the address does not have, and single ones that are there twice.

    Raises:
        Refused: `parameter_unknown`, `parameter_repeated`.
    """
    by_name = {parameter.name: parameter for parameter in known}
    for name in given:
        if name not in by_name:
            names = ", ".join(by_name) or "no parameter"
            raise Refused("parameter_unknown", f"Unknown parameter {name[:40]!r}. Use {names}.")
        if len(given.getlist(name)) > 1 and not by_name[name].is_list:
            raise Refused(
                "parameter_repeated", f"Parameter {name} was given {len(given.getlist(name))} times; give it once."
            )


def documented(*parameters: Parameter) -> dict[str, Any]:
    """What a route says of them in the OpenAPI document."""
    return {"parameters": [parameter.documented for parameter in parameters]}
