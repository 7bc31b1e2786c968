"""Pull API of a platform: its crawler, its credentials and its limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from botmeter.domain.source import Source
from botmeter.sources.pull_window import PullWindow, Remaining
from botmeter.sources.pulled import PulledConversation


class CallApi(Protocol):
    """Function that gets a path of the API; raises what `ApiClient.get` raises."""

    def __call__(self, path: str, query: Mapping[str, str] | None = None) -> bytes: ...


class Crawler(Protocol):
    """A pass through a platform's conversations."""

    def conversations(self) -> Iterator[PulledConversation]:
        """Yield each conversation in the pull window once; raises what the API client raises."""
        ...

    def left(self) -> Remaining:
        """Return what the next pull must cover if this one stops here with everything yielded so far appended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """Input of a crawler.

    Attributes:
        call: Calls the API.
        window: Time range to pull.
        source: The source pulled.
        api_account: The platform's id of the account; empty if it needs none.
        known: Conversations in the ledger, each with the instant of its latest event, µs UTC.
        now_us: µs UTC.
    """

    call: CallApi
    window: PullWindow
    source: Source
    api_account: str
    known: Sequence[tuple[str, int]]
    now_us: int


class MakeCrawler(Protocol):
    """Function that makes the crawler of one pull."""

    def __call__(self, *, crawl: Crawl) -> Crawler: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PullApi:
    """API that a platform can be pulled through.

    Attributes:
        help: Why to pull, and where to find the address and token.
        limits: What a pull can't find.
        headers: Access token → request headers.
        crawler: Makes the crawler of one pull.
        account_help: Where to find the platform's id of the account. Empty if the API needs none.
        check_account: Raises `Refused` (`pull_account_invalid`) for an invalid id of the account.
    """

    help: str
    limits: str
    headers: Callable[[str], dict[str, str]]
    crawler: MakeCrawler
    account_help: str = ""
    check_account: Callable[[str], None] | None = None
