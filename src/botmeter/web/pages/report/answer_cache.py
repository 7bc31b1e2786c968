"""Answers cached by the ledger's version, which is unique per commit."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.reports.overview import Overview, overview
from botmeter.reports.recency import Recency, recency
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Shared by a page and its deferred widgets, which are requested one by one. A year's is some 100 KB.
_overviews: Final[BoundedCache[Hashable, Overview]] = BoundedCache(256)
_recencies: Final[BoundedCache[Hashable, Recency]] = BoundedCache(256)


def cached_overview(ledger: "ReadableLedger", question: Question) -> Overview:
    """Return the question's overview."""
    key = (ledger.account.name, ledger.version, question.query, question.compared)
    return _overviews.find_or_make(key, lambda: overview(ledger, question.query, compared=question.compared))


def cached_recency(ledger: "ReadableLedger") -> Recency:
    """Return the recency of the ledger's numbers."""
    return _recencies.find_or_make((ledger.account.name, ledger.version), lambda: recency(ledger))
