"""Time formats of sources."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import floor
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, datetime_from_us, us_from_datetime, us_from_text

EPOCH_US = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_Number = TypeVar("_Number", int, npt.NDArray[np.int64])
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?", re.ASCII)


def us_from_number(number: _Number, *, unit: str) -> _Number:
    """Convert a number of `s`, `ms`, `us` or `ns` to µs, rounded down; columns of numbers as well."""
    return number // 1_000 if unit == "ns" else number * EPOCH_US[f"epoch_{unit}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Format of a source's times; by default RFC 3339 with an offset.

    Attributes:
        format: `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, or a `strptime` pattern.
        zone: For times without an offset; None: reject them.
        ambiguous: Treatment of a local time that occurs twice.
    """

    format: str = "iso"
    zone: ZoneInfo | None = None
    ambiguous: Literal["refuse", "first"] = "refuse"

    def us(self, sent: object) -> int:
        """µs UTC of a time.

        Raises:
            Refused: `time_invalid`, `time_without_offset`, `time_out_of_range`, `time_ambiguous` or `time_nonexistent`.
        """
        if isinstance(sent, bytes):
            sent = sent.decode("utf-8", "replace")
        if isinstance(sent, bool | list | dict):
            raise Refused("time_invalid", "occurred_at is true, false, a list or an object, not a time.")
        text = sent if isinstance(sent, str) else _number_text(sent)
        if self.format == "iso":
            instant_us = self._us_from_iso(text)
        elif self.format in EPOCH_US:
            instant_us = self._us_from_number(text)
        else:
            instant_us = self._us_from_pattern(text)
        if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
            raise _out_of_range(text)
        return instant_us

    def _us_from_iso(self, text: str) -> int:
        try:
            return us_from_text(text)
        except Refused as fault:
            if self.zone is None or fault.code != "time_without_offset":
                raise
        as_utc_us = us_from_text(text + "Z")
        return self._us_from_local(datetime_from_us(as_utc_us).replace(tzinfo=None), text)

    def _us_from_number(self, text: str) -> int:
        if _NUMBER.fullmatch(text) is None:
            raise Refused("time_invalid", f"{text[:40]!r} is not a number, as {self.format} requires.")
        return floor(Decimal(text) * EPOCH_US[self.format])

    def _us_from_pattern(self, text: str) -> int:
        try:
            moment = datetime.strptime(text, self.format)  # noqa: DTZ007 - the zone is named below or refused
        except ValueError:
            raise Refused("time_invalid", f"{text[:40]!r} is not written as {self.format!r}.") from None
        if moment.tzinfo is not None:
            return us_from_datetime(moment)
        return self._us_from_local(moment, text)

    def _us_from_local(self, moment: datetime, text: str) -> int:
        if self.zone is None:
            raise Refused("time_without_offset", f"{text[:40]!r} has no offset; name its timezone in the mapping.")
        try:
            passes = [moment.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
            real = [instant for instant in passes if instant.astimezone(self.zone).replace(tzinfo=None) == moment]
        except OverflowError:
            raise _out_of_range(text) from None
        if not real:
            raise Refused(
                "time_nonexistent", f"{text[:40]!r} does not exist in {self.zone}: clocks went forward over it."
            )
        if real[0] != real[-1] and self.ambiguous == "refuse":
            way_out = 'say ambiguous = "first" in the mapping to take the first'
            raise Refused("time_ambiguous", f"{text[:40]!r} occurs twice in {self.zone}; {way_out}.")
        return us_from_datetime(real[0])


def _out_of_range(text: str) -> Refused:
    return Refused("time_out_of_range", f"{text[:40]!r} is outside the years 2 to 9998.")


def _number_text(sent: object) -> str:
    if isinstance(sent, int):
        return str(sent) if sent.bit_length() <= 256 else f"a number of {sent.bit_length()} bits"
    if isinstance(sent, Decimal) and sent.is_finite() and abs(sent.adjusted()) < 40:
        return format(sent, "f")
    return str(sent)


RFC3339 = Clock()
"""Default format: RFC 3339 with an offset."""
