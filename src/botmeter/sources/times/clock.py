"""Time formats of sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Final, Literal, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from botmeter.domain.errors import Refused
from botmeter.domain.instant import checked_instant, datetime_from_us, us_from_datetime, without_offset
from botmeter.domain.written_time import NO_ZONES, TIME_LENGTH_MAX, WrittenTime, checked_time, iso_match, quoted
from botmeter.sources.times.time_numbers import EPOCH_POWERS, SERIAL_ORIGINS_US, us_from_epoch, wall_us_from_serial
from botmeter.sources.times.time_pattern import time_pattern

FORMATS: Final = ("iso", *EPOCH_POWERS, *SERIAL_ORIGINS_US)
"""Formats by name; any other is a pattern."""
_Number = TypeVar("_Number", int, npt.NDArray[np.int64])


def us_from_number(number: _Number, *, unit: str) -> _Number:
    """Convert a number of `s`, `ms`, `us` or `ns` to µs, rounded down; columns of numbers as well."""
    power = EPOCH_POWERS[f"epoch_{unit}"]
    return number * 10**power if power >= 0 else number // 10**-power


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Format of a source's times; by default ISO 8601 with an offset.

    Attributes:
        format: One of `FORMATS`, or a pattern of `strptime`.
        zone: For times without an offset; None: reject them.
        ambiguous: Treatment of a local time that occurs twice.
        zones: Zone words → µs ahead of UTC.
    """

    format: str = "iso"
    zone: ZoneInfo | None = None
    ambiguous: Literal["refuse", "first"] = "refuse"
    zones: Mapping[str, int] = field(default_factory=lambda: NO_ZONES, hash=False)

    def us(self, sent: object) -> int:
        """µs UTC of a time.

        Raises:
            Refused: `time_invalid`, `time_without_offset`, `time_zone_unknown`, `time_out_of_range`, `time_ambiguous`
                or `time_nonexistent`.
        """
        if isinstance(sent, bytes):
            sent = sent.decode("utf-8", "surrogateescape")
        if isinstance(sent, bool | list | dict):
            raise Refused("time_invalid", "occurred_at is true, false, a list or an object, not a time.")
        text = sent if isinstance(sent, str) else number_text(sent)
        if self.format in EPOCH_POWERS:
            return checked_instant(us_from_epoch(text, form=self.format), text=text)
        if self.format in SERIAL_ORIGINS_US:
            return self.us_from_wall(wall_us_from_serial(text, form=self.format), text=text)
        written = checked_time(iso_match(text), zones=self.zones) if self.format == "iso" else self._by_pattern(text)
        if written.offset_us is None:
            return self.us_from_wall(written.wall_us, text=text)
        return checked_instant(written.wall_us - written.offset_us, text=text)

    def us_from_wall(self, wall_us: int, *, text: str) -> int:
        """µs UTC of a local time.

        Raises:
            Refused: `time_without_offset`, `time_out_of_range`, `time_ambiguous` or `time_nonexistent`.
        """
        if self.zone is None:
            if self.format == "iso":
                raise without_offset(text)
            raise Refused("time_without_offset", f"{quoted(text)} has no offset; name its timezone in the mapping.")
        moment = datetime_from_us(checked_instant(wall_us, text=text)).replace(tzinfo=None)
        passes = [moment.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        real = [instant for instant in passes if instant.astimezone(self.zone).replace(tzinfo=None) == moment]
        if not real:
            raise Refused(
                "time_nonexistent", f"{quoted(text)} does not exist in {self.zone}: clocks went forward over it."
            )
        if real[0] != real[-1] and self.ambiguous == "refuse":
            way_out = 'say ambiguous = "first" in the mapping to take the first'
            raise Refused("time_ambiguous", f"{quoted(text)} occurs twice in {self.zone}; {way_out}.")
        return checked_instant(us_from_datetime(real[0]), text=text)

    def _by_pattern(self, text: str) -> WrittenTime:
        pattern = time_pattern(self.format)
        match = pattern.regex.fullmatch(text) if len(text) <= TIME_LENGTH_MAX else None
        if match is None:
            raise Refused("time_invalid", f"{quoted(text)} is not written as {self.format!r}.")
        try:
            return checked_time(match, number=pattern.numbers(match), zones=self.zones)
        except ValueError:
            raise Refused("time_invalid", f"{quoted(text)} names a date or time that does not exist.") from None


def number_text(sent: object) -> str:
    """Text of a number, with all of its digits if they are few enough for a time."""
    if isinstance(sent, int):
        return str(sent) if sent.bit_length() <= 256 else f"a number of {sent.bit_length()} bits"
    if isinstance(sent, Decimal) and sent.is_finite() and abs(sent.adjusted()) < 40:
        return format(sent, "f")
    return str(sent)


RFC3339 = Clock()
"""Default format: ISO 8601 with an offset, of which RFC 3339 is a part."""
