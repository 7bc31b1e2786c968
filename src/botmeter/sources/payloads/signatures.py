"""Signatures of deliveries, compared in constant time."""

import base64
import binascii
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from botmeter.domain.errors import NotAllowed, Refused
from botmeter.domain.instant import MICROSECONDS_PER_SECOND
from botmeter.sources.payloads.payload import Delivery

REPLAY_WINDOW_SECONDS = 300
"""The age that the platforms' own documentation allows."""

_DIGITS_MAX = 15


def check_hmac(
    delivery: Delivery, secret: str, *, header: str, prefix: str = "", timestamp_header: str | None = None
) -> None:
    """Check the delivery's HMAC-SHA256 in hexadecimal; headers are in lower case.

    Args:
        timestamp_header: Seconds since 1970, signed as `instant.body`; None: only the body is signed.

    Raises:
        NotAllowed: `signature_missing`, `signature_wrong`, or `delivery_too_old` if signed over 300 seconds before or
            after receipt.
    """
    sent = _header(delivery, header)
    signed = delivery.body
    instant = None
    if timestamp_header is not None:
        instant = _header(delivery, timestamp_header)
        signed = instant.encode("utf-8", "replace") + b"." + signed
    expected = prefix + hmac.digest(secret.encode(), signed, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), sent.strip().lower().encode("utf-8", "replace")):
        raise _wrong(header)
    if instant is not None:
        _check_age(delivery, instant)


def check_rsa(delivery: Delivery, pem: str, *, header: str) -> None:
    """Check the delivery's RSA signature (PKCS#1 v1.5, SHA-256, Base64).

    Raises:
        NotAllowed: `signature_missing`, `signature_wrong`.
        Refused: `secret_invalid`.
    """
    key = public_key(pem)
    try:
        signature = base64.b64decode(_header(delivery, header).strip(), validate=True)
        key.verify(signature, delivery.body, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        raise _wrong(header) from None


@lru_cache(maxsize=256)
def public_key(pem: str) -> RSAPublicKey:
    """Parse an RSA public key, also without PEM's line breaks, first and last line.

    Raises:
        Refused: `secret_invalid`.
    """
    try:
        key = load_pem_public_key(_as_pem(pem))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise Refused(
            "secret_invalid",
            "The secret is not an RSA public key in PEM. Paste all of it, from -----BEGIN PUBLIC KEY----- to the end.",
        )
    return key


def _as_pem(text: str) -> bytes:
    parts = text.replace("\\n", "\n").split("-----")
    label = parts[1].removeprefix("BEGIN ").strip() if len(parts) >= 5 else "PUBLIC KEY"
    digits = "".join((parts[2] if len(parts) >= 5 else text).replace("\\n", "").split())
    rows = [digits[start : start + 64] for start in range(0, len(digits), 64)]
    lines = [f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""]
    return "\n".join(lines).encode("utf-8", "replace")


def _header(delivery: Delivery, header: str) -> str:
    value = delivery.headers.get(header)
    if not value:
        raise NotAllowed(
            "signature_missing", f"The request has no {header} header; the source accepts signed requests only."
        )
    return value


def _wrong(header: str) -> NotAllowed:
    return NotAllowed(
        "signature_wrong",
        f"The signature in {header} does not match the body and the source's secret; compare the secrets.",
    )


def _check_age(delivery: Delivery, instant: str) -> None:
    digits = instant.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
        raise NotAllowed("delivery_too_old", "The request's signature time is not in seconds since 1970.")
    age_seconds = abs(delivery.received_us // MICROSECONDS_PER_SECOND - int(digits))
    if age_seconds > REPLAY_WINDOW_SECONDS:
        raise NotAllowed(
            "delivery_too_old",
            f"The request was signed {age_seconds:,} s from its receipt; the limit is {REPLAY_WINDOW_SECONDS} s.",
        )
