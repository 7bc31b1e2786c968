"""Event attributes as canonical JSON: sorted keys, unchanged digits."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

from botmeter.domain.errors import Refused
from botmeter.domain.event import ATTRIBUTES_BYTES_MAX

# With escapes and spaces; longer texts are not decoded, which takes up to thirty times as much memory.
_SENT_BYTES_MAX = 16 * ATTRIBUTES_BYTES_MAX

_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def attributes_text(sent: object) -> str | None:
    """Object, or JSON text of one, as canonical JSON; None for null.

    Raises:
        Refused: `attributes_invalid`, `attributes_too_long` past 65,536 bytes, `text_invalid`.
    """
    if isinstance(sent, str | bytes):
        if len(sent) > _SENT_BYTES_MAX:
            raise _too_long(len(sent))
        if sent.strip() in ("null", b"null"):
            return None
    try:
        decoded = _DECODER.decode(sent) if isinstance(sent, str | bytes) else sent
        encoded = _ENCODER.encode(decoded) if _is_object(decoded) else b""
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
        raise _fault(sent) from None
    if not encoded:
        raise _fault(sent)
    if len(encoded) > ATTRIBUTES_BYTES_MAX:
        raise _too_long(len(encoded))
    if b"\\u0000" in encoded and _NUL.search(encoded):
        raise Refused("text_invalid", "attributes hold a NUL character.")
    return encoded.decode()


def _too_long(size_bytes: int) -> Refused:
    return Refused("attributes_too_long", f"attributes have {size_bytes} bytes; the limit is {ATTRIBUTES_BYTES_MAX}.")


def _is_object(decoded: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(decoded, dict)


def _fault(sent: object) -> Refused:
    text = sent.decode("utf-8", "surrogateescape") if isinstance(sent, bytes) else sent
    try:
        decoded = json.loads(text) if isinstance(text, str) else text
        is_object = isinstance(decoded, dict)
        whole = json.dumps(decoded, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        is_object, whole = False, ""
    if is_object and any("\ud800" <= character <= "\udfff" for character in whole):
        return Refused("text_invalid", "attributes hold a lone surrogate or bytes that are not UTF-8.")
    return Refused("attributes_invalid", 'attributes must be a JSON object, such as {"campaign": "spring"}.')
