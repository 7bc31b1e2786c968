"""Query parameters, each declared once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.domain.event import CHANNEL_UNKNOWN
from botmeter.domain.period import DAYS_MAX
from botmeter.domain.source import DEFAULT_SOURCE
from botmeter.reports.compared_period import Compare
from botmeter.reports.export import FORMATS
from botmeter.reports.filters import FILTER_VALUES_MAX, FILTERS, FilterDeclaration
from botmeter.reports.grain_rows import SCHEMAS
from botmeter.reports.presets import Preset
from botmeter.reports.row_options import LIMIT_MAX, SEARCH_LENGTH_MAX, SORT_KEYS, ChargeFilter, Grain, SortKey
from botmeter.web.grain import GROUPS
from botmeter.web.report_address import COMPARE_DAYS, PreviewChoice

LIMIT_DEFAULT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter.

    Attributes:
        choices: All valid values. The code that reads the value checks other limits, under its own error code.
        limits: JSON Schema keywords, unless a plain text.
        default: For documentation.
        is_list: Can be repeated.
        is_required: Refused if left out or empty.
    """

    name: str
    description: str
    example: str
    choices: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    default: str | None = None
    is_list: bool = False
    is_required: bool = False

    @property
    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", **self.limits}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.default is not None:
            schema["default"] = self.default
        return {"type": "array", "items": schema, "maxItems": FILTER_VALUES_MAX} if self.is_list else schema

    def check(self, values: list[str]) -> None:
        """Check the values.

        Raises:
            Refused: `parameter_repeated`, `parameter_invalid`.
        """
        if len(values) > 1 and not self.is_list:
            raise Refused("parameter_repeated", f"Parameter {self.name} was given {len(values)} times; give it once.")
        for value in filter(None, values):
            if self.choices and value not in self.choices:
                raise self._invalid(value, f"one of {', '.join(self.choices)}")
            if self.limits.get("type") == "integer" and not (value.isascii() and value.isdecimal() and len(value) < 10):
                raise self._invalid(value, "a whole number")

    def _invalid(self, value: str, valid: str) -> Refused:
        return Refused("parameter_invalid", f"Parameter {self.name} can't be {value[:40]!r}. Use {valid}.")


def _filter_parameters(declared: FilterDeclaration) -> Iterator[Parameter]:
    for name, description in (
        (declared.name, f"Only sessions {declared.condition}. Repeatable: any value matches."),
        (declared.not_parameter, f"Exclude sessions {declared.condition}. Repeatable."),
    ):
        yield Parameter(
            name=name,
            description=description,
            example=declared.example,
            limits={"pattern": declared.pattern} if declared.pattern else {},
            is_list=True,
        )


QUESTION: Final = (
    Parameter(
        name="from",
        description="First day, in the time zone. Default: 29 days before the last. A day before the account's data "
        "starts is moved up to that day; the answer's `period` has the days that were used. At most "
        f"{DAYS_MAX:,} days.",
        limits={"format": "date"},
        example="2026-10-24",
    ),
    Parameter(
        name="to", description="Last day, included. Default: today.", limits={"format": "date"}, example="2026-11-22"
    ),
    Parameter(
        name="period",
        description="A named period, instead of `from` and `to`.",
        choices=tuple(Preset),
        example=Preset.TODAY.value,
    ),
    Parameter(
        name="timezone",
        description="Time zone of the days, as an IANA name. Charges are in UTC.",
        example="Asia/Kolkata",
        default="UTC",
    ),
    *(parameter for declared in FILTERS for parameter in _filter_parameters(declared)),
    Parameter(
        name="preview",
        description="Include sessions that a preview opened, count only them, or leave them out.",
        choices=tuple(PreviewChoice),
        example=PreviewChoice.INCLUDED.value,
        default=PreviewChoice.INCLUDED.value,
    ),
)

COMPARISON: Final = (
    Parameter(
        name="compare",
        description="Add `comparison`, the totals of earlier days: the month, quarter or year before (`calendar`; of a "
        "running one, as many days), as many days right before (`previous`) or whole weeks earlier (`weekdays`), the "
        "same dates of the year before (`year-dates`), the days 364 days before (`year`), other days (`custom`), or "
        "what suits the period (`auto`).",
        choices=tuple(Compare),
        example=Compare.AUTOMATIC.value,
        default=Compare.NONE.value,
    ),
    *(
        Parameter(
            name=name,
            description=f"{which} day of a custom comparison.",
            limits={"format": "date"},
            example=example,
        )
        for name, which, example in zip(COMPARE_DAYS, ("First", "Last"), ("2026-09-24", "2026-10-23"), strict=True)
    ),
)

_SEARCH: Final = Parameter(
    name="search",
    description="Only the session with this id, or rows whose customer, conversation or ticket id starts with it.",
    limits={"maxLength": SEARCH_LENGTH_MAX},
    example="cus_84",
)

_CHARGE: Final = Parameter(
    name="charge",
    description="Only sessions with this charge under the account's plan; `not_charged`: any of those after it. "
    "Sessions before the first plan have none.",
    choices=tuple(ChargeFilter),
    example=ChargeFilter.NOT_CHARGED.value,
)


def _orders(grain: Grain) -> str:
    return ", ".join(f"`{key}`" for key in SORT_KEYS[grain])


PAGE: Final = (
    Parameter(
        name="grain",
        description="Meaning of an item: a session, a conversation, a ticket, or a row, which is "
        "a session with one conversation, bot, version and channel.",
        choices=tuple(Grain),
        example=Grain.CONVERSATION.value,
        default=Grain.ROW.value,
    ),
    Parameter(
        name="group",
        description="Older than `grain`, which replaces it: `session` lists sessions, `conversation` rows.",
        choices=tuple(GROUPS),
        example="session",
    ),
    Parameter(
        name="sort",
        description="Order of the items; with a minus, descending. Rows follow their sessions. "
        f"Conversations have {_orders(Grain.CONVERSATION)}; tickets {_orders(Grain.TICKET)}; their `session_start` is "
        "the start of their latest session.",
        choices=tuple(f"{sign}{key}" for key in SortKey for sign in ("", "-")),
        example=SortKey.SESSION_START.value,
        default=SortKey.SESSION_START.value,
    ),
    _SEARCH,
    _CHARGE,
    Parameter(
        name="limit",
        description="Maximum number of items in a page.",
        limits={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
        example=str(LIMIT_DEFAULT),
    ),
    Parameter(
        name="cursor",
        description="The `next_cursor` of the previous page; all other parameters must stay the same.",
        example="eyJhIjox",
    ),
)

FILE: Final = (
    Parameter(
        name="format",
        description="Format of the file.",
        limits={"enum": list(FORMATS)},
        example="csv",
        default="csv",
    ),
    Parameter(
        name="grain",
        description="Meaning of a row of the file: a session with one conversation, bot, version and channel (row), a "
        "session, a conversation, or a ticket.",
        choices=tuple(Grain),
        example="session",
        default="row",
    ),
    Parameter(
        name="columns",
        description="Columns in their order, separated by commas: "
        + "; ".join(f"with `grain={grain}` {', '.join(schema.names)}" for grain, schema in SCHEMAS.items())
        + ". Default: all.",
        example="session_id,session_start,customer_id",
    ),
    _SEARCH,
    _CHARGE,
)

ENTITLEMENT: Final = (
    Parameter(
        name="customer", description="The customer who writes, as events name them.", example="c-1001", is_required=True
    ),
    Parameter(name="bot", description="The bot that would reply.", example="orders", is_required=True),
    Parameter(
        name="channel",
        description="The channel of the message.",
        example="web",
        default=CHANNEL_UNKNOWN,
    ),
    Parameter(
        name="conversation",
        description="The conversation of the message. Left out: a new conversation.",
        example="conv-1",
    ),
)
EVENTS: Final = (
    Parameter(
        name="atomic",
        description="`true`: all events are accepted or none.",
        limits={"enum": ["true", "false"]},
        example="false",
        default="false",
    ),
    Parameter(
        name="source",
        description="Source of the events. The same event from two sources is two events.",
        example=DEFAULT_SOURCE,
        default=DEFAULT_SOURCE,
    ),
)


def check_parameters(query: QueryDict, *, known: tuple[Parameter, ...]) -> None:
    """Check all parameters.

    Raises:
        Refused: `parameter_unknown`, `parameter_repeated`, `parameter_invalid`, `parameter_missing`.
    """
    by_name = {parameter.name: parameter for parameter in known}
    for name in query:
        if name not in by_name:
            names = ", ".join(by_name) or "no parameter"
            raise Refused("parameter_unknown", f"Unknown parameter {name[:40]!r}. Use {names}.")
        by_name[name].check(query.getlist(name))
    for parameter in known:
        if parameter.is_required and not query.get(parameter.name):
            raise Refused("parameter_missing", f"Parameter {parameter.name} is missing; this route needs it.")
