"""The ledgers of this process: opened once, by whoever starts the server, and reached by every view."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

from django.http import Http404

from botmeter.domain.errors import Missing, Unavailable

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.open_ledgers import OpenLedgers

_open: "list[OpenLedgers]" = []


def use(ledgers: "OpenLedgers | None") -> None:
    """From now on views read and write these; None: the server is about to end."""
    _open[:] = [] if ledgers is None else [ledgers]


def ledgers() -> "OpenLedgers":
    """The process's ledgers.

    Raises:
        Unavailable: `server_stopping` before they are opened or after they are closed.
    """
    if not _open:
        raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
    return _open[0]


@contextmanager
def reading(account: str) -> "Iterator[Ledger]":
    """The account's ledger as of its last commit. An account without a ledger is 404."""
    try:
        with ledgers().reading(account) as ledger:
            yield ledger
    except Missing as error:
        if error.code == "account_unknown":
            raise Http404 from error
        raise


@contextmanager
def writing(account: str) -> "Iterator[Ledger]":
    """The account's ledger to change; one at a time."""
    with ledgers().writing(account) as ledger:
        yield ledger


# Each keeps a thread of the server, a reader and a moment of the ledger for as long as its client takes; the
# other threads are for pages.
STREAMS_MAX: Final = 4
_streams = BoundedSemaphore(STREAMS_MAX)


class LastingReader:
    """A ledger that is read beyond the view that opened it: until what is sent is sent, or whoever asked is gone.

    Raises:
        Unavailable: `exports_busy` while as many are being sent as may be at once.
    """

    def __init__(self, account: str) -> None:
        if not _streams.acquire(blocking=False):
            raise Unavailable(
                "exports_busy", f"{STREAMS_MAX} exports are being sent, the most at once. Try again soon."
            )
        self._held = ExitStack()
        self._held.callback(_streams.release)
        try:
            self.ledger: Ledger = self._held.enter_context(reading(account))
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        """Lets go of the ledger."""
        self._held.close()

    def until_sent(self, chunks: Generator[bytes, None, None]) -> "Sent":
        """The chunks; at their end, or when they are no longer wanted, the ledger is let go."""
        return Sent(self, chunks)


class Sent:
    """What is sent of a ledger. No generator: one that is closed before its first chunk would let go of nothing."""

    def __init__(self, reader: LastingReader, chunks: Generator[bytes, None, None]) -> None:
        self._reader = reader
        self._chunks = chunks

    def __iter__(self) -> "Sent":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the chunks and the ledger; Django calls it when the answer is sent or nobody wants it."""
        try:
            self._chunks.close()
        finally:
            self._reader.close()


def lasting(account: str) -> LastingReader:
    """The account's ledger for an answer that is streamed; whoever takes it closes it."""
    return LastingReader(account)
