"""Pull API of a platform."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from botmeter.domain.source import Source
from botmeter.sources.payloads.pull_window import PullWindow, Remaining
from botmeter.sources.payloads.pulled import PulledConversation


class CallApi(Protocol):
    """Function that gets a path; raises as `ApiClient.get`."""

    def __call__(self, path: str, query: Mapping[str, str] | None = None) -> bytes: ...


class Crawler(Protocol):
    """Pass through a platform's conversations."""

    def conversations(self) -> Iterator[PulledConversation]:
        """Yield each conversation in the window once; raises as `ApiClient.get`."""
        ...

    def left(self) -> Remaining:
        """Work left after the conversations yielded so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """Input of a crawler.

    Attributes:
        api_account: The platform's account id; may be empty.
        known: Conversations in the ledger → latest µs UTC.
    """

    call: CallApi
    window: PullWindow
    source: Source
    api_account: str
    known: Sequence[tuple[str, int]]
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullApi:
    """API to pull from.

    Attributes:
        limits: Events that a pull can't find.
        headers: From a token.
        account_help: Location of the account id; empty if unneeded.
        check_account: Raises `Refused` (`pull_account_invalid`).
    """

    help: str
    limits: str
    headers: Callable[[str], dict[str, str]]
    crawler: Callable[[Crawl], Crawler]
    account_help: str = ""
    check_account: Callable[[str], None] | None = None
