"""Answers that are kept until the ledger changes: people look at the same report again and again.

A commit gives the ledger a version that never comes back, so nothing that is kept can be out of date.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from botmeter.reports.overview import Overview, overview
from botmeter.reports.recency import Recency, recency
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_Kept = TypeVar("_Kept")


class LruCache(Generic[_Kept]):
    """The last things made, found again by what they were made from; for all threads.

    Args:
        count: How many are kept; the one unused for longest makes room.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._things: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = Lock()

    def kept(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """What was made from `key` before, else what `make` gives now. Two at once may both make it."""
        with self._lock:
            found = self._things.get(key)
            if found is not None:
                self._things.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._things[key] = made
            while len(self._things) > self._count:
                self._things.popitem(last=False)
        return made


# An answer for a year is some 100 KB.
_overviews: Final[LruCache[Overview]] = LruCache(256)
_recencies: Final[LruCache[Recency]] = LruCache(256)


def kept_overview(ledger: "ReadableLedger", question: Question) -> Overview:
    """The overview that answers the question; asked of the ledger only if it has changed since."""
    key = (ledger.account.name, ledger.version, question.query, question.compared)
    return _overviews.kept(key, lambda: overview(ledger, question.query, compared=question.compared))


def kept_recency(ledger: "ReadableLedger") -> Recency:
    """How new the ledger's numbers are; asked of it only if it has changed since."""
    return _recencies.kept((ledger.account.name, ledger.version), lambda: recency(ledger))
