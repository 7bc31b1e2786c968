"""Ledgers of views, opened through the server state."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest

from botmeter.domain.errors import Missing
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
