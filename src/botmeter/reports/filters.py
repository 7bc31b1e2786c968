"""Filters of a report, each declared once.

SQL, filter bar, parameters and options derive from `FILTERS`. ARCHITECTURE.md names the other places of a
new filter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from botmeter.domain.errors import TooMuch
from botmeter.domain.week_hours import week_hour_of_text

FILTER_VALUES_MAX: Final = 1_000
NOT_SUFFIX: Final = ".not"
"""Ending of the parameter that excludes a filter's values: `bot.not=b1`."""


class FilterTarget(StrEnum):
    """Filter's subject: a table's column, the opening touchpoint, or the start hour."""

    TOUCHPOINT = "touchpoint"
    """Bot, version or channel of a row of the underlying data."""
    OPENING = "opening_touchpoint"
    """The same of the event that opened the session."""
    PARTICIPATION = "participation"
    """Another column of a row."""
    TICKET = "session_ticket"
    """Tickets of a row's conversation in its session."""
    COST_CENTRE = "cost_centre"
    """Cost centre of the opening touchpoint, on the UTC day on which the session started."""
    HOUR = "hour"
    """Hour of the week in which the session started, in the zone of the period."""


class SharedUse(StrEnum):
    """Use of a filter behind a shared link."""

    NEVER = "never"
    ALWAYS = "always"
    WITH_ROWS = "with_rows"
    """If the link shows the underlying rows: its values are ids of people or of what they wrote."""
    WITH_OPENERS = "with_openers"
    """If the link shows what opened a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterDeclaration:
    """One filter; a row matches any of its values.

    Attributes:
        condition: Completes "sessions", as in "sessions with this bot".
        is_of_session: All rows of a session share the value.
        is_id: Few rows share a value, so values are searched by their start and rows are read at once.
        in_bar: Offered by the page while not set.
        is_set_up: People set its values; it is not offered without any.
        always_in_json: In a report's JSON even if not set.
        pattern: As in JSON Schema; empty: any text.
        check: Raises `Refused` for an invalid value.
    """

    name: str
    label: str
    target: FilterTarget
    column: str
    condition: str
    metavar: str
    example: str
    is_of_session: bool = False
    is_id: bool = False
    in_bar: bool = True
    is_set_up: bool = False
    shared: SharedUse = SharedUse.NEVER
    always_in_json: bool = False
    pattern: str = ""
    check: Callable[[str], object] | None = None

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def not_option(self) -> str:
        return f"--not-{self.name.replace('_', '-')}"

    @property
    def not_parameter(self) -> str:
        return self.name + NOT_SUFFIX

    @property
    def is_simulated(self) -> bool:
        return self.target is FilterTarget.TOUCHPOINT or self.is_id

    @property
    def is_of_bots(self) -> bool:
        return self.column == "bot_id"


FILTERS: Final = (
    FilterDeclaration(
        name="bot",
        label="Bot",
        target=FilterTarget.TOUCHPOINT,
        column="bot_id",
        condition="with this bot",
        metavar="ID",
        example="orders",
        always_in_json=True,
        shared=SharedUse.ALWAYS,
    ),
    FilterDeclaration(
        name="bot_version",
        label="Version",
        target=FilterTarget.TOUCHPOINT,
        column="bot_version",
        condition="with this bot version: 3.3 of any bot, orders/3.3 of one, orders/ for no version of it",
        metavar="VERSION",
        example="orders/3.3",
        always_in_json=True,
        shared=SharedUse.ALWAYS,
    ),
    FilterDeclaration(
        name="channel",
        label="Channel",
        target=FilterTarget.TOUCHPOINT,
        column="channel",
        condition="on this channel",
        metavar="NAME",
        example="web",
        always_in_json=True,
        shared=SharedUse.ALWAYS,
    ),
    FilterDeclaration(
        name="customer",
        label="Customer",
        target=FilterTarget.PARTICIPATION,
        column="customer_id",
        condition="of this customer",
        metavar="ID",
        example="cus_8401",
        is_of_session=True,
        is_id=True,
        shared=SharedUse.WITH_ROWS,
        always_in_json=True,
    ),
    FilterDeclaration(
        name="conversation",
        label="Conversation",
        target=FilterTarget.PARTICIPATION,
        column="conversation_id",
        condition="with this conversation",
        metavar="ID",
        example="c-77",
        is_id=True,
        shared=SharedUse.WITH_ROWS,
        always_in_json=True,
    ),
    FilterDeclaration(
        name="opened_by",
        label="Opening bot",
        target=FilterTarget.OPENING,
        column="bot_id",
        condition="opened by this bot",
        metavar="ID",
        example="orders",
        is_of_session=True,
        in_bar=False,
        shared=SharedUse.WITH_OPENERS,
    ),
    FilterDeclaration(
        name="opened_on",
        label="Opening channel",
        target=FilterTarget.OPENING,
        column="channel",
        condition="opened on this channel",
        metavar="NAME",
        example="web",
        is_of_session=True,
        in_bar=False,
        shared=SharedUse.WITH_OPENERS,
    ),
    FilterDeclaration(
        name="cost_centre",
        label="Cost centre",
        target=FilterTarget.COST_CENTRE,
        column="cost_centre",
        condition="of this cost centre, by what opened them",
        metavar="NAME",
        example="Sales",
        is_of_session=True,
        is_set_up=True,
    ),
    FilterDeclaration(
        name="ticket_type",
        label="Ticket type",
        target=FilterTarget.TICKET,
        column="ticket_type",
        condition="with a ticket of this type",
        metavar="TYPE",
        example="refund",
        shared=SharedUse.ALWAYS,
    ),
    FilterDeclaration(
        name="hour",
        label="Start hour",
        target=FilterTarget.HOUR,
        column="started_at",
        condition="that start in this hour of the week, in the time zone",
        metavar="HOUR",
        example="mon-09",
        is_of_session=True,
        in_bar=False,
        pattern="^(mon|tue|wed|thu|fri|sat|sun)-([01][0-9]|2[0-3])$",
        check=week_hour_of_text,
        shared=SharedUse.ALWAYS,
    ),
)
"""Every filter with values, in the order in which they are shown. `preview` is a flag and not among them."""

FILTER_NAMES: Final = tuple(declared.name for declared in FILTERS)


def filter_named(name: str) -> FilterDeclaration:
    """Filter's declaration.

    Raises:
        KeyError: No such filter.
    """
    return _DECLARED[name]


_DECLARED: Final = {declared.name: declared for declared in FILTERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Values of the filters that are set.

    A row counts if it matches every filter, by any value. A session with a row that matches `excluded` is left
    out. `preview` is True for sessions opened by a preview, False for others, None for both.

    Raises:
        TooMuch: `filter_too_long` past 1,000 values.
        Refused: `parameter_invalid`.
    """

    bot: tuple[str, ...] = ()
    bot_version: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    conversation: tuple[str, ...] = ()
    opened_by: tuple[str, ...] = ()
    opened_on: tuple[str, ...] = ()
    cost_centre: tuple[str, ...] = ()
    ticket_type: tuple[str, ...] = ()
    hour: tuple[str, ...] = ()
    preview: bool | None = None
    excluded: "Filters | None" = None

    def __post_init__(self) -> None:
        for declared in FILTERS:
            _check(declared, self.values(declared.name))
        if self.excluded is not None and self.excluded == NO_FILTERS:
            # Equal questions are equal keys of caches.
            object.__setattr__(self, "excluded", None)

    def values(self, name: str) -> tuple[str, ...]:
        values: tuple[str, ...] = getattr(self, name)
        return values

    def excluded_values(self, name: str) -> tuple[str, ...]:
        return () if self.excluded is None else self.excluded.values(name)

    def with_values(self, name: str, values: tuple[str, ...]) -> "Filters":
        changed: dict[str, Any] = {name: values}
        return replace(self, **changed)

    def with_excluded(self, name: str, values: tuple[str, ...]) -> "Filters":
        return replace(self, excluded=(self.excluded or NO_FILTERS).with_values(name, values))

    def without(self, name: str) -> "Filters":
        return self.with_values(name, ()).with_excluded(name, ())

    def set_filters(
        self, target: FilterTarget | None = None
    ) -> Iterator[tuple[FilterDeclaration, tuple[str, ...], tuple[str, ...]]]:
        """Yield filters that are set, with their values and excluded values; None: of every target."""
        for declared in FILTERS:
            selected, excluded = self.values(declared.name), self.excluded_values(declared.name)
            if (selected or excluded) and target in (None, declared.target):
                yield declared, selected, excluded

    @property
    def selects_tickets(self) -> bool:
        return any(selected for _, selected, _ in self.set_filters(FilterTarget.TICKET))

    @property
    def selects_ids(self) -> bool:
        return any(selected and declared.is_id for declared, selected, _ in self.set_filters())

    def as_mapping(self) -> dict[str, Any]:
        selected = {
            declared.name: list(values)
            for declared in FILTERS
            if (values := self.values(declared.name)) or declared.always_in_json
        }
        preview = {} if self.preview is None else {"preview": self.preview}
        excluded = {
            declared.name: list(values) for declared in FILTERS if (values := self.excluded_values(declared.name))
        }
        return {**selected, **preview, **({"not": excluded} if excluded else {})}


def filters_of(
    selected: Mapping[str, Iterable[str]], excluded: Mapping[str, Iterable[str]], *, preview: bool | None
) -> Filters:
    """Filters from values by name, skipping empty and repeated values.

    Raises:
        Refused, TooMuch: As `Filters`.
    """
    return Filters(**_distinct(selected), preview=preview, excluded=Filters(**_distinct(excluded)))


def _distinct(values: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    return {name: tuple(dict.fromkeys(filter(None, each))) for name, each in values.items()}


def _check(declared: FilterDeclaration, values: tuple[str, ...]) -> None:
    if len(values) > FILTER_VALUES_MAX:
        raise TooMuch(
            "filter_too_long",
            f"The filter on {declared.label.lower()} has {len(values):,} values; the limit is {FILTER_VALUES_MAX:,}.",
        )
    if declared.check is not None:
        for value in values:
            declared.check(value)


NO_FILTERS: Final = Filters()
