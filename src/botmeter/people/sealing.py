"""Encryption of secrets that must be read again, by a key derived from the server's."""

import base64
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from botmeter.domain.errors import Unavailable

# Separates this key from others derived from the same secret.
_PURPOSE: Final = b"botmeter.sealing.1"
_KEY_BYTES: Final = 32


def sealed(plain: str) -> str:
    """Encrypt a text; empty stays empty."""
    return _box().encrypt(plain.encode()).decode() if plain else ""


def unsealed(text: str, *, what: str, otherwise: str = "enter the secret again under Admin, Sources") -> str:
    """Decrypt a text; empty stays empty. `what` names it in errors, and `otherwise` is the remedy without the key.

    Raises:
        Unavailable: `seal_broken` if the server's key has changed.
    """
    if not text:
        return ""
    try:
        return _box().decrypt(text).decode()
    except InvalidToken:
        raise Unavailable(
            "seal_broken",
            f"The server's secret key is not the one that encrypted {what}. Restore that key, or {otherwise}.",
        ) from None


def resealed(text: str) -> str:
    """Encrypt a sealed text by the present key, if an earlier one decrypts it."""
    try:
        return _box().rotate(text.encode()).decode()
    except InvalidToken:
        return text


def _box() -> MultiFernet:
    return _box_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _box_of(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
