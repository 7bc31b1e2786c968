"""Ledgers of views, opened through the server state."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest

from botmeter.domain.errors import Missing, Unavailable
from botmeter.live.server_state import EXPORTS_MAX
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger


@contextmanager
def reading(request: HttpRequest, account: str) -> "Iterator[ReadableLedger]":
    """Open the ledger as of its last commit; 404 without one."""
    try:
        with server_state(request).ledgers.reading(account) as ledger:
            yield ledger
    except Missing as error:
        if error.code == "account_unknown":
            raise Http404 from error
        raise


def writing(request: HttpRequest, account: str) -> "AbstractContextManager[Ledger]":
    """Open the account's ledger for writing; one writer at a time."""
    return server_state(request).ledgers.writing(account)


class ExportReader:
    """A ledger open during a streamed response. Close it, or send `stream`.

    Raises:
        Unavailable: `exports_busy` while all export slots are in use.
    """

    def __init__(self, request: HttpRequest, account: str) -> None:
        exports = server_state(request).exports
        if not exports.acquire(blocking=False):
            raise Unavailable("exports_busy", f"{EXPORTS_MAX} exports are being sent, the maximum. Try again soon.")
        self._resources = ExitStack()
        self._resources.callback(exports.release)
        try:
            self.ledger: ReadableLedger = self._resources.enter_context(reading(request, account))
        except BaseException:
            self._resources.close()
            raise

    def close(self) -> None:
        """Close the ledger and release the export slot."""
        self._resources.close()

    def stream(self, chunks: Generator[bytes, None, None]) -> "ExportStream":
        """Wrap the chunks in a response body that closes the ledger."""
        return ExportStream(self, chunks)


class ExportStream:
    """Response body; not a generator, since closing an unstarted one wouldn't close the ledger."""

    def __init__(self, reader: ExportReader, chunks: Generator[bytes, None, None]) -> None:
        self._reader = reader
        self._chunks = chunks

    def __iter__(self) -> "ExportStream":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close chunks and ledger; called by Django after the response or on disconnect."""
        try:
            self._chunks.close()
        finally:
            self._reader.close()
