"""Amounts of a vendor's list: decimals with a point, or with the comma of mapping or file."""

import re
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.money import exact
from botmeter.sources.column_texts import Flags, as_string, decoded, flags, present
from botmeter.sources.validation import kind_of

AMOUNT: Final = pa.decimal128(38, 12)
POINT, COMMA = ".", ","
_PLAIN: Final = r"^[+-]?[0-9]{1,20}(?:\.[0-9]{1,12})?$"
# With groups of thousands only where nothing else can be meant: 1.234,50 and 1.234.567, and not 1.234.
_WITH_COMMA: Final = (
    r"^[+-]?(?:[0-9]{1,20}(?:,[0-9]{1,12})?|[0-9]{1,3}(?:\.[0-9]{3}){1,6},[0-9]{1,12}|[0-9]{1,3}(?:\.[0-9]{3}){2,6})$"
)
# 0,10 and 1.234,50 can't have a comma between thousands; 1,234 can.
_SHOWS_COMMA: Final = r"^[+-]?(?:[0-9]{1,20},(?:[0-9]{1,2}|[0-9]{4,12})|0,[0-9]{3}|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+)$"
_SHOWS_POINT: Final = r"^[+-]?(?:[0-9]{1,20}\.(?:[0-9]{1,2}|[0-9]{4,12})|0\.[0-9]{3}|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+)$"
_WRITTEN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_END: Final = Decimal(10) ** 20
_UNIT: Final = Decimal("1e-12")


def decimal_mark(sent: pa.Array) -> str:
    """Mark in the texts of a column; a point for none or both."""
    sent = decoded(sent)
    if not _is_text(sent) or not _any(sent, _SHOWS_COMMA) or _any(sent, _SHOWS_POINT):
        return POINT
    return COMMA


def amounts(sent: pa.Array, *, mark: str) -> tuple[pa.Array, Flags]:
    """Amounts as `AMOUNT`, and the rows to read one by one."""
    sent = decoded(sent)
    if not _is_text(sent):
        mark = POINT
    if pa.types.is_floating(sent.type) or pa.types.is_decimal(sent.type):
        # In the shortest digits that name the same number.
        sent = sent.cast(pa.string())
    text, doubt = as_string(sent)
    text = pc.utf8_trim_whitespace(text)
    is_empty = pc.equal(pc.binary_length(text), 0)
    is_plain = pc.fill_null(pc.match_substring_regex(text, _PLAIN if mark == POINT else _WITH_COMMA), False)
    plain = pc.if_else(is_plain, pc.utf8_ltrim(text, "+"), pa.scalar(None, pa.string()))
    if mark == COMMA:
        plain = pc.replace_substring(pc.replace_substring(plain, POINT, ""), COMMA, POINT)
    return plain.cast(AMOUNT), doubt | (present(text) & ~flags(is_plain) & ~flags(is_empty))


def amount(sent: object, *, mark: str) -> Decimal:
    """One amount; raises `Refused` (`amount_invalid`)."""
    text = sent.decode("utf-8", "replace") if isinstance(sent, bytes) else str(sent)
    if mark == COMMA and isinstance(sent, str | bytes) and re.fullmatch(_WITH_COMMA, text.strip()):
        text = text.replace(POINT, "").replace(COMMA, POINT)
    elif mark == COMMA and isinstance(sent, str | bytes):
        raise Refused(
            "amount_invalid",
            f"amount is {text[:40]!r}; the amounts of this list have decimal commas, such as 0,10 or 1.234,50, and "
            'this is none. If they have points, the mapping says so: amount = { column = "…", decimal = "." }.',
        )
    if isinstance(sent, bool | dict | list) or _WRITTEN.fullmatch(text.strip()) is None:
        shown = repr(text[:40]) if isinstance(sent, str | bytes) else kind_of(sent)
        hint = ' If the comma is its decimal mark, the mapping says so: amount = { column = "…", decimal = "," }.'
        raise Refused(
            "amount_invalid",
            f"amount is {shown}; it must be a decimal number such as 0.10, without a currency or commas."
            + (hint if isinstance(sent, str | bytes) and COMMA in text else ""),
        )
    number = Decimal(text.strip())
    with exact(may_round=True):
        is_in_range = abs(number) < _END and number == number.quantize(_UNIT)
    if not is_in_range:
        raise Refused(
            "amount_invalid", f"amount is {text[:40]!r}; it can have 20 digits before the point and 12 after it."
        )
    return number


def _is_text(sent: pa.Array) -> bool:
    return pa.types.is_string(sent.type) or pa.types.is_large_string(sent.type) or pa.types.is_binary(sent.type)


def _any(sent: pa.Array, pattern: str) -> bool:
    text, _doubt = as_string(sent)
    return bool(pc.any(pc.match_substring_regex(pc.utf8_trim_whitespace(text), pattern)).as_py())
