"""Answers that are kept until the ledger changes: people look at the same report again and again.

A commit gives the ledger a version that never comes back, so nothing that is kept can be out of date.
"""

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from botmeter.reports.ask import Ask
from botmeter.reports.overview import Overview, overview
from botmeter.web.asking import Question

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

# An answer for a year is some 100 KB.
KEPT_COUNT: Final = 256

_Key = tuple[str, int, Ask, Ask | None]

_kept: OrderedDict[_Key, Overview] = OrderedDict()
_lock = Lock()


def kept_overview(ledger: "Ledger", question: Question) -> Overview:
    """The overview that answers the question; asked of the ledger only if it has changed since."""
    key = (ledger.account.name, ledger.version, question.ask, question.compared)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    made = overview(ledger, question.ask, compared=question.compared)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT_COUNT:
            _kept.popitem(last=False)
    return made
