"""View options of rows in the URL."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.reports.row_options import Grouping, RowOptions, SortKey
from botmeter.reports.rows import COLUMNS
from botmeter.web.report_address import choice, choice_named

# Columns of a session, in menu order.
SESSION_COLUMNS: Final = (
    "session_id",
    "session_start",
    "session_end",
    "customer",
    "bots",
    "channels",
    "conversations",
    "tickets",
    "events",
    "closed_by",
)
_HIDDEN_SESSION_COLUMNS: Final = {"session_end", "events"}
_HIDDEN_ROW_COLUMNS: Final = {
    "session_end",
    "bot_id",
    "conversation_created_at",
    "conversation_updated_at",
    "ticket_types",
    "preview",
}
_DEFAULTS: Final = RowOptions()
_DEFAULT_ORDER: Final = f"-{SortKey.SESSION_START.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAddress:
    """View options of rows; empty `columns` means the defaults."""

    options: RowOptions = _DEFAULTS
    columns: tuple[str, ...] = ()
    cursor: str = ""
    open_session: str = ""

    @property
    def offered_columns(self) -> tuple[str, ...]:
        return SESSION_COLUMNS if self.options.grouping is Grouping.SESSION else COLUMNS

    @property
    def visible_columns(self) -> tuple[str, ...]:
        hidden = _HIDDEN_SESSION_COLUMNS if self.options.grouping is Grouping.SESSION else _HIDDEN_ROW_COLUMNS
        return self.columns or tuple(name for name in self.offered_columns if name not in hidden)

    def sorted_by(self, key: SortKey) -> "RowsAddress":
        """Sort by a key, or reverse it, from the first page."""
        is_reversal = self.options.sort is key
        descending = not self.options.descending if is_reversal else key is not SortKey.CUSTOMER
        return replace(self, options=replace(self.options, sort=key, descending=descending), cursor="")

    def grouped(self, grouping: Grouping) -> "RowsAddress":
        return replace(self, options=replace(self.options, grouping=grouping), columns=(), cursor="", open_session="")

    def without_search(self) -> "RowsAddress":
        return replace(self, options=replace(self.options, search=""), cursor="")

    def at(self, cursor: str) -> "RowsAddress":
        return replace(self, cursor=cursor, open_session="")

    def opening(self, session_id: str) -> "RowsAddress":
        """Expand a session; an empty ID collapses."""
        return replace(self, open_session=session_id)

    def pairs(self) -> dict[str, str]:
        options, order = self.options, f"{'-' if self.options.descending else ''}{self.options.sort.value}"
        pairs = {
            "group": "" if options.grouping is Grouping.SESSION else options.grouping.value,
            "sort": "" if order == _DEFAULT_ORDER else order,
            "search": options.search,
            "columns": ",".join(self.columns),
            "cursor": self.cursor,
            "session": self.open_session,
        }
        return {name: value for name, value in pairs.items() if value}


def read_rows_address(parameters: QueryDict) -> RowsAddress:
    """Parse the view options.

    Raises:
        Refused: `parameter_invalid`, `column_unknown`.
        TooMuch: `search_too_long`.
    """
    sort = parameters.get("sort") or _DEFAULT_ORDER
    options = RowOptions(
        grouping=choice(parameters, "group", choices=Grouping) or Grouping.SESSION,
        sort=choice_named(sort.removeprefix("-"), "sort", choices=SortKey),
        descending=sort.startswith("-"),
        search=parameters.get("search", "").strip(),
    )
    address = RowsAddress(
        options=options, cursor=parameters.get("cursor", ""), open_session=parameters.get("session", "")
    )
    columns = _columns(parameters)
    for name in columns:
        if name not in address.offered_columns:
            known = ", ".join(address.offered_columns)
            raise Refused("column_unknown", f"Unknown column {name[:40]!r}. Choose from: {known}.")
    return replace(address, columns=() if columns == address.visible_columns else columns)


def _columns(parameters: QueryDict) -> tuple[str, ...]:
    listed = [name for name in parameters.get("columns", "").split(",") if name]
    return tuple(dict.fromkeys([*listed, *parameters.getlist("column")]))
