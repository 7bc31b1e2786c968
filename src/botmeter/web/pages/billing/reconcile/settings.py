"""Settings of a bill's check, kept in the address of its page."""

from dataclasses import dataclass, replace
from typing import Final, Self

from django.http import QueryDict

from botmeter.billing.reconcile.result import checked_tolerance
from botmeter.domain.errors import Refused
from botmeter.domain.period import UTC_NAME, Period, checked_timezone
from botmeter.domain.text import day_as_typed
from botmeter.live.uploads import Upload
from botmeter.sources.mapping.mapping import FieldLocation
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile
from botmeter.sources.vendor_sessions import FIELDS, VENDOR_SESSIONS
from botmeter.web.address_mapping import Document, address_of, compact, mapping_in, settings_in

_TOLERANCE_DEFAULT: Final = "60"
_SECOND_US: Final = 1_000_000
_FORM_NAMES: Final = ("first", "last", "timezone", "tolerance")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillSettings:
    """Period, tolerance and mapping, as they are typed.

    Attributes:
        first, last: Days of the bill; empty: those of the list.
        mapping: JSON; empty: what is proposed.
    """

    first: str = ""
    last: str = ""
    timezone: str = UTC_NAME
    tolerance: str = _TOLERANCE_DEFAULT
    mapping: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Read an address; raises Refused `mapping_invalid`."""
        return settings_in(query, cls, command="reconcile")

    @property
    def query(self) -> str:
        return address_of(self)

    @property
    def document(self) -> Document:
        """Mapping; raises Refused `mapping_invalid`."""
        return mapping_in(self.mapping, tables=FIELDS)

    @property
    def period(self) -> Period | None:
        """Days of the bill; raises Refused `date_invalid`, `period_invalid` and as `Period`."""
        checked_timezone(self.timezone)
        if not self.first and not self.last:
            return None
        if not (self.first and self.last):
            raise Refused("period_invalid", "A period has a first and a last day. Enter both, or neither.")
        return Period(first_on=day_as_typed(self.first), last_on=day_as_typed(self.last), timezone=self.timezone)

    @property
    def tolerance_us(self) -> int:
        """Between the times of one session; raises Refused `tolerance_invalid`."""
        if not (self.tolerance.isascii() and self.tolerance.isdigit() and len(self.tolerance) < 6):
            raise Refused(
                "tolerance_invalid", f"{self.tolerance[:40]!r} is not a tolerance. Enter whole seconds, such as 60."
            )
        return checked_tolerance(int(self.tolerance) * _SECOND_US)


def settings_from_form(data: QueryDict, before: BillSettings) -> BillSettings:
    """Settings of a submitted form."""
    typed = {name: data.get(name, getattr(before, name)).strip() for name in _FORM_NAMES}
    settings = replace(before, **typed)
    if f"at.{FIELDS[0]}" not in data:
        return settings
    document: dict[str, dict[str, str]] = {
        field: {"column": column} for field in FIELDS if (column := data.get(f"at.{field}", ""))
    }
    if "started_at" in document:
        options = {name: data.get(f"time.{name}", "").strip() for name in ("format", "timezone")}
        document["started_at"] |= {name: value for name, value in options.items() if value}
    return replace(settings, mapping=compact(document))


def list_file(upload: Upload, document: Document) -> SourceFile:
    """File to compare, whose other columns are not read; raises Refused `mapping_invalid`, `column_missing`."""
    if "started_at" not in document:
        raise Refused("column_missing", "Choose the column of the times at which sessions started.")
    mapping = mapping_from_document(document, shape=VENDOR_SESSIONS)
    others = {field: FieldLocation() for field in FIELDS}
    return SourceFile(
        path=str(upload.path),
        name=upload.file_name,
        mapping=replace(mapping, locations={**others, **mapping.locations}),
    )
