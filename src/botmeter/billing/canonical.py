"""Canonical JSON: one text per value, for hashes.

Keys are sorted by code point, without blanks, in UTF-8; decimals are strings, instants RFC 3339 in UTC.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

from botmeter.domain.money import unit_of


def canonical_json(value: Mapping[str, object]) -> bytes:
    """Encode a document: equal values give equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def sha256_of(data: bytes) -> str:
    """Hash in hexadecimal."""
    return sha256(data).hexdigest()


def amount_text(amount: Decimal, currency: str) -> str:
    """Amount with all decimals of its currency, never `-0.00`."""
    return f"{(amount + 0).quantize(unit_of(currency)):f}"


def decimal_text(value: Decimal) -> str:
    """Exact decimal without an exponent: quantities, and prices with the plan's decimals."""
    return f"{value:f}"


def units_text(units: Decimal) -> str:
    """Units without trailing zeros."""
    return f"{units:f}".rstrip("0").rstrip(".") if "." in f"{units:f}" else f"{units:f}"
