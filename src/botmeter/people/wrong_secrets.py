"""Wrong keys and links, limited by the client's network.

Nobody guesses 256 random bits; the limit is for the database. Clients whose keys were right lately are not stopped.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, NamedTuple

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Missing, NotAllowed, Refused, Unavailable
from botmeter.domain.instant import present
from botmeter.domain.rate_limit import WINDOW_SECONDS, RateLimiter

WRONG_MAX: Final = 30
"""Different wrong secrets of a network in a minute, each a read of the database."""
_CODES: Final = frozenset({"key_wrong", "key_revoked", "key_expired", "source_key_wrong", "link_unusable"})
# A few thousand digests each.
_CACHE_BYTES: Final = 1 << 20
_RIGHT_SECONDS: Final = timedelta(days=1).total_seconds()
# A bot with a wrong key sends it again and again: it guesses nothing, and keeps its own message.
_REFUSED_SECONDS: Final = 5.0


class _Refusal(NamedTuple):
    family: type[Refused]
    code: str
    message: str


class WrongSecrets:
    """Counts of wrong secrets, and digests of those that were right or refused lately."""

    def __init__(self) -> None:
        self._counts = RateLimiter()
        self._right: BoundedCache[str, bool] = BoundedCache(_CACHE_BYTES, lasts_seconds=_RIGHT_SECONDS)
        self._refused: BoundedCache[str, _Refusal] = BoundedCache(_CACHE_BYTES, lasts_seconds=_REFUSED_SECONDS)

    @contextmanager
    def lookup(self, secret: str, *, network: str) -> Iterator[None]:
        """Count the secret if the `with`, which looks it up, refuses it.

        Raises:
            Unavailable: `attempts_exceeded`.
            Refused: As the `with` did a few seconds ago.
        """
        self.check(secret, network=network)
        digest = _digest(secret)
        try:
            yield
        except (Missing, NotAllowed) as error:
            if error.code in _CODES:
                self._counts.allows(network, limit=WRONG_MAX, now_seconds=present().timestamp())
                refusal = _Refusal(type(error), error.code, error.message)
                self._refused.remake(digest, lambda: refusal)
            raise
        self._right.remake(digest, lambda: True)

    def check(self, secret: str, *, network: str) -> None:
        """Raise as `lookup`; never blocks."""
        digest, now_seconds = _digest(secret), present().timestamp()
        refused = self._refused.get(digest)
        if refused is not None:
            raise refused.family(refused.code, refused.message)
        if self._right.get(digest) or not self._counts.is_full(network, limit=WRONG_MAX, now_seconds=now_seconds):
            return
        wait_seconds = WINDOW_SECONDS - int(now_seconds) % WINDOW_SECONDS
        raise Unavailable(
            "attempts_exceeded",
            f"Your network sent {WRONG_MAX} wrong keys or links in this minute, which is the limit. Try again in "
            f"{wait_seconds} seconds.",
            retry_after_seconds=wait_seconds,
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
