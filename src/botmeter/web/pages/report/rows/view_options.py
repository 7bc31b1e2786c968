"""View options of the underlying data in the URL."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.reports.row_options import SORT_KEYS, ChargeFilter, Grain, RowOptions, SortKey
from botmeter.web.grain import read_charge, read_grain
from botmeter.web.pages.report.rows.columns import GRAIN_COLUMNS, HIDDEN_COLUMNS
from botmeter.web.report_address import choice_named

_DEFAULTS: Final = RowOptions()
_DEFAULT_ORDER: Final = f"-{SortKey.SESSION_START.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAddress:
    """View options of the underlying data; empty `columns` means the defaults."""

    options: RowOptions = _DEFAULTS
    columns: tuple[str, ...] = ()
    cursor: str = ""
    open_session: str = ""

    @property
    def grain(self) -> Grain:
        return self.options.grain

    @property
    def offered_columns(self) -> tuple[str, ...]:
        return GRAIN_COLUMNS[self.grain]

    @property
    def visible_columns(self) -> tuple[str, ...]:
        hidden = HIDDEN_COLUMNS[self.grain]
        return self.columns or tuple(name for name in self.offered_columns if name not in hidden)

    def sorted_by(self, key: SortKey) -> "RowsAddress":
        """Sort by a key, or reverse it, from the first page."""
        is_reversal = self.options.sort is key
        descending = not self.options.descending if is_reversal else key is not SortKey.CUSTOMER
        return replace(self, options=replace(self.options, sort=key, descending=descending), cursor="")

    def of_grain(self, grain: Grain) -> "RowsAddress":
        """List lines of another grain, in their default order if they lack the present one."""
        options = self.options
        if options.sort not in SORT_KEYS[grain]:
            options = replace(options, sort=SortKey.SESSION_START, descending=True)
        return replace(self, options=replace(options, grain=grain), columns=(), cursor="", open_session="")

    def without_search(self) -> "RowsAddress":
        return replace(self, options=replace(self.options, search=""), cursor="")

    def without_charge(self) -> "RowsAddress":
        return replace(self, options=replace(self.options, charge=None))

    def of_charge(self, charge: ChargeFilter | None) -> "RowsAddress":
        """List sessions of another charge, from the first page."""
        return replace(self, options=replace(self.options, charge=charge), cursor="", open_session="")

    def at(self, cursor: str) -> "RowsAddress":
        return replace(self, cursor=cursor, open_session="")

    def opening(self, session_id: str) -> "RowsAddress":
        """Expand a session; an empty ID collapses."""
        return replace(self, open_session=session_id)

    def first_page(self) -> tuple[tuple[str, str], ...]:
        """First page without an expanded session: what other filters keep."""
        return tuple(self.at("").pairs().items())

    def pairs(self) -> dict[str, str]:
        options, order = self.options, f"{'-' if self.options.descending else ''}{self.options.sort.value}"
        pairs = {
            "grain": "" if options.grain is Grain.SESSION else options.grain.value,
            "sort": "" if order == _DEFAULT_ORDER else order,
            "search": options.search,
            "charge": options.charge or "",
            "columns": ",".join(self.columns),
            "cursor": self.cursor,
            "session": self.open_session,
        }
        return {name: value for name, value in pairs.items() if value}


def read_rows_address(parameters: QueryDict) -> RowsAddress:
    """Parse the view options.

    Raises:
        Refused: `parameter_invalid`, `arguments_clash`, `column_unknown`.
        TooMuch: `search_too_long`.
    """
    sort = parameters.get("sort") or _DEFAULT_ORDER
    options = RowOptions(
        grain=read_grain(parameters, default=Grain.SESSION),
        sort=choice_named(sort.removeprefix("-"), "sort", choices=SortKey),
        descending=sort.startswith("-"),
        search=parameters.get("search", "").strip(),
        charge=read_charge(parameters),
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
