"""HTTP transport: one pooled connection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from botmeter import __version__
from botmeter.client.answers import Answer
from botmeter.client.settings import ClientSettings
from botmeter.domain.errors import Refused

if TYPE_CHECKING:
    import urllib3

PATH = "/api/v1/events"
# A receipt of 1,000 rejections has less than half of this.
ANSWER_BYTES_MAX = 4 << 20
# Most of the possible compression, in a third of the default's time.
_GZIP_LEVEL = 3


class NoAnswer(Exception):
    """No connection, a time-out, or an interruption."""


class Post(Protocol):
    """Sends a batch; raises `NoAnswer`."""

    def __call__(self, body: bytes, *, within_seconds: float) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Server and key; raises `Refused` (`url_invalid`, `client_key_invalid`)."""

    url: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(self.url)
            is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
        except ValueError:
            is_url = False
        if not is_url:
            raise Refused(
                "url_invalid", f"{self.url[:80]!r} is not a server address. It must start with http:// or https://."
            )
        # A line break could end the header and begin another. The key itself is never shown.
        if not self.key or not self.key.isascii() or not self.key.isprintable() or " " in self.key:
            raise Refused("client_key_invalid", "Invalid API key. Create one with `botmeter key create`.")


def post_factory(address: Address, settings: ClientSettings) -> Callable[[], Post]:
    """Factory of `Post`."""

    def connect() -> Post:
        # Slow to load, and needed only on the sending thread: saves 40 ms of the bot's start.
        import urllib3

        pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=1,
            retries=False,
            ca_certs=None if settings.ca_file is None else str(settings.ca_file),
            headers={
                "Authorization": f"Bearer {address.key}",
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "gzip",
                "Accept": "application/json",
                "User-Agent": f"botmeter-client/{__version__}",
            },
        )
        return partial(_post, pool, url=address.url.rstrip("/") + PATH, connect_seconds_max=settings.connect_seconds)

    return connect


def _post(
    pool: "urllib3.PoolManager", body: bytes, *, url: str, connect_seconds_max: float, within_seconds: float
) -> Answer:
    import gzip

    import urllib3

    timeout = urllib3.Timeout(connect=min(connect_seconds_max, within_seconds), read=within_seconds)
    try:
        response = pool.request(
            "POST",
            url,
            body=gzip.compress(body, _GZIP_LEVEL, mtime=0),
            timeout=timeout,
            redirect=False,
            preload_content=False,
        )
        try:
            answer_body = response.read(ANSWER_BYTES_MAX)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status=response.status, headers=headers, body=answer_body)
        finally:
            # A body read to its end has returned to the pool; an endless one is cut off.
            response.close()
    except (OSError, urllib3.exceptions.HTTPError) as problem:
        raise NoAnswer(f"{type(problem).__name__}: {problem}") from problem
