"""Recovery codes and their digests."""

import hashlib
import secrets
from base64 import b32encode
from typing import Final

# 80 bits, in groups of four letters.
_CODE_BYTES: Final = 10
_GROUP_LENGTH: Final = 4
_SALT_BYTES: Final = 8
SCRYPT_N = 1 << 14
"""40 ms and 16 MiB. Codes of earlier versions have 40 bits, which need a slow hash."""


def new_code() -> str:
    """Create a code: `abcd-efgh-ijkl-mnop`."""
    text = b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(text[start : start + _GROUP_LENGTH] for start in range(0, len(text), _GROUP_LENGTH))


def new_salt() -> str:
    """Create a salt, which a user's codes share: one hash identifies a code."""
    return secrets.token_hex(_SALT_BYTES)


def plain_code(code: str) -> str:
    """Remove spaces, dashes and capitals."""
    return code.replace(" ", "").replace("-", "").lower()


def code_digest(code: str, *, salt: str) -> str:
    """Hash a code slowly."""
    hashed = hashlib.scrypt(plain_code(code).encode(), salt=salt.encode(), n=SCRYPT_N, r=8, p=1)
    return f"{salt}${hashed.hex()}"


def salt_of(digest: str) -> str:
    """Salt at the start of a digest."""
    return digest.partition("$")[0]
