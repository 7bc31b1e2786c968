"""Form of a bill's check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botmeter.billing.cycle import Cycle
from botmeter.domain import text
from botmeter.domain.period import Period
from botmeter.sources.vendor_columns import ListColumns
from botmeter.sources.vendor_sessions import FIELDS
from botmeter.web.address_mapping import Document
from botmeter.web.components import Choice, Link
from botmeter.web.pages.billing.reconcile.settings import BillSettings
from botmeter.web.zones import zones_offered

_LABELS: Final = {
    "started_at": "Session start",
    "customer_id": "Customer ID",
    "conversation_id": "Conversation ID",
    "bot_id": "Bot ID",
    "channel": "Channel",
    "amount": "Amount",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnField:
    """Menu of the column of a field."""

    field: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillForm:
    """Form.

    Attributes:
        cycles: Fill in the days of a billing cycle.
        doubt: On the times of the proposed mapping.
    """

    first: str
    last: str
    timezone: str
    timezones: tuple[str, ...]
    tolerance: str
    cycles: tuple[Link, ...]
    columns: tuple[ColumnField, ...]
    time_format: str
    time_zone: str
    doubt: str


def bill_form(
    settings: BillSettings,
    columns: ListColumns | None,
    *,
    document: Document,
    cycles: Sequence[Cycle],
    path: str,
    zone: str,
) -> BillForm:
    """Build the form.

    Args:
        path: Of the page.
        columns: None: the file can't be read.
        document: The mapping: given, or else proposed.
    """
    times: dict[str, Any] = dict(document.get("started_at", {}))
    return BillForm(
        first=settings.first,
        last=settings.last,
        timezone=settings.timezone,
        timezones=zones_offered(zone),
        tolerance=settings.tolerance,
        cycles=tuple(_cycle_link(each, settings, path=path) for each in cycles),
        columns=() if columns is None else tuple(_column_fields(columns.columns, document)),
        time_format=str(times.get("format", "")),
        time_zone=str(times.get("timezone", "")),
        doubt="" if columns is None or settings.mapping else columns.doubt,
    )


def _cycle_link(cycle: Cycle, settings: BillSettings, *, path: str) -> Link:
    days = Period(first_on=cycle.first_on, last_on=cycle.last_on, timezone=cycle.timezone)
    first, last = (text.day_text(on) for on in (days.first_on, days.last_on))
    chosen = replace(settings, first=first, last=last, timezone=cycle.timezone)
    label = text.span_text(days.first_on, days.last_on) or text.days_text(days)
    return Link(label=label, href=f"{path}?{chosen.query}", is_current=chosen == settings)


def _column_fields(columns: Sequence[str], document: Document) -> Iterator[ColumnField]:
    for field in FIELDS:
        chosen = str(document.get(field, {}).get("column", ""))
        offered = ("", *columns) if chosen in ("", *columns) else ("", chosen, *columns)
        choices = tuple(
            Choice(value=name, label=name or "Not in the file", is_chosen=name == chosen) for name in offered
        )
        yield ColumnField(field=field, label=_LABELS[field], choices=choices)
