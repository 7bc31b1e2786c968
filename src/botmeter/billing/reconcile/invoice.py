"""Vendor's invoice: a period, a number of sessions, and a total."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.money import decimals_of
from botmeter.domain.period import UTC_NAME, Period, day_from_text

_KEYS: Final = ("period", "timezone", "sessions", "total", "currency")
_SEPARATOR: Final = ".."
_EXAMPLE: Final = 'period = "2026-10-01..2026-10-31"'
SESSIONS_END: Final = 10**12
_DIGITS_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Totals of a bill; None: not on it."""

    period: Period
    session_count: int
    total: Decimal | None
    currency: str | None


def invoice_from_text(text: str) -> Invoice:
    """Read an invoice in TOML; raises as `invoice_from_mapping`."""
    try:
        return invoice_from_mapping(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise _invalid(f"it is not TOML: {fault}") from None


def invoice_from_mapping(document: Mapping[str, object]) -> Invoice:
    """Read the keys of an invoice.

    Raises:
        Refused: `invoice_invalid`, `period_invalid`, `date_invalid` and the like.
    """
    for key in document:
        if key not in _KEYS:
            raise _invalid(f"unknown key {key[:40]!r}; the keys are {', '.join(_KEYS)}")
    for key in ("period", "sessions"):
        if key not in document:
            raise _invalid(f"{key} is missing")
    return Invoice(
        period=_period(document),
        session_count=_session_count(document["sessions"]),
        total=_total(document.get("total")),
        currency=_currency(document.get("currency")),
    )


def days_from_text(text: str) -> tuple[date, date]:
    """First and last day of `2026-10-01..2026-10-31`; raises `Refused` (`period_invalid`, `date_invalid`)."""
    first, separator, last = text.partition(_SEPARATOR)
    if not separator:
        raise Refused(
            "period_invalid", f"{text[:40]!r} is not a period. Write it as FROM..TO, such as {_EXAMPLE[10:-1]}."
        )
    return day_from_text(first.strip()), day_from_text(last.strip())


def period_from_text(text: str, *, timezone: str) -> Period:
    """Read days as `days_from_text`, in a zone; raises as `Period` too."""
    first_on, last_on = days_from_text(text)
    return Period(first_on=first_on, last_on=last_on, timezone=timezone)


def _period(document: Mapping[str, object]) -> Period:
    text, timezone = document["period"], document.get("timezone", UTC_NAME)
    if not isinstance(text, str) or not isinstance(timezone, str):
        raise _invalid(f"period and timezone must be text, such as {_EXAMPLE}")
    return period_from_text(text, timezone=timezone)


def _session_count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < SESSIONS_END:
        raise _invalid(f"sessions is {str(value)[:40]!r}; it must be a whole number from 0 to {SESSIONS_END - 1:,}")
    return value


def _total(value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or len(str(value)) > _DIGITS_MAX:
        raise _invalid(f'total is {str(value)[:40]!r}; it must be a decimal number in quotes, such as "4821.30"')
    return amount


def _currency(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _invalid('currency must be a code, such as "USD"')
    decimals_of(value)
    return value


def _invalid(reason: str) -> Refused:
    return Refused("invoice_invalid", f"Invalid invoice: {reason}.")
