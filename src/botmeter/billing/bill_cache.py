"""Cache of bills, so that a page after a commit costs what it changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa

from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.cycle_facts import OpeningBalance, PackPurchase
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import Carried, Line
from botmeter.billing.stated import ClosedDocument
from botmeter.domain.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

Answer = TypeVar("Answer")

_SESSIONS_BYTES_MAX: Final = 256 << 20
"""Open cycles of all accounts of a server; one of 400,000 sessions takes 35 MB."""
_FACTS_BYTES_MAX: Final = 32 << 20
"""Plans, documents, facts and carried grants of all accounts; some 100 KB of an account with 24 statements."""
_FREE_BYTES_MAX: Final = 64 << 20
"""Sessions not charged; a million take 55 MB."""
_DAYS_BYTES_MAX: Final = 4 << 20
"""Counts by day of all accounts; 400 days take 16 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSessions:
    """Sessions as of a version of the ledger, with corrections up to a number."""

    version: int
    correction_no: int
    rows: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedSource:
    """Source of a cycle's rating, beside its sessions."""

    account_cycle: AccountCycle
    purchases: tuple[PackPurchase, ...]
    openings: tuple[OpeningBalance, ...]
    carried: Carried
    correction_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCycle:
    """Cost of a cycle and the grants that it leaves, from a source as of a version of the ledger.

    Attributes:
        free_count: Sessions not charged, by meter and in total.
    """

    version: int
    source: RatedSource
    currency: str
    lines: tuple[Line, ...]
    tax: Decimal
    free_count: int
    carried: Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDays:
    """Sessions by day as of a version of the ledger."""

    version: int
    first_on: date
    counts: list[int]

    @property
    def last_on(self) -> date:
        return self.first_on + timedelta(days=len(self.counts) - 1)


class BillCache:
    """Facts of accounts until they change, and sessions of cycles, of which only changed days are read again.

    Attributes:
        sessions: By account, policy, and bounds in µs UTC.
        past, free, fingerprints: By account, and bounds of a cycle in µs UTC; `free` has uncharged sessions.
        first_events: In µs UTC.
    """

    def __init__(self) -> None:
        self.plans = BoundedCache[str, AccountPlans | None](_FACTS_BYTES_MAX)
        self.documents = BoundedCache[str, tuple[ClosedDocument, ...]](_FACTS_BYTES_MAX)
        self.sessions = BoundedCache[tuple[str, str | None, int, int], ReadSessions](_SESSIONS_BYTES_MAX)
        self.past = BoundedCache[tuple[str, int, int], PastCycle](_FACTS_BYTES_MAX)
        self.free = BoundedCache[tuple[str, int, int], pa.Table](_FREE_BYTES_MAX)
        self._facts = BoundedCache[tuple[str, str], Any](_FACTS_BYTES_MAX)
        self.days = BoundedCache[tuple[str, str], CountedDays](_DAYS_BYTES_MAX)
        self.first_events = BoundedCache[str, int | None](1 << 20)
        self.fingerprints = BoundedCache[tuple[str, int, int], tuple[int, str]](1 << 20)

    def of_facts(self, ledger: "ReadableLedger", read: Callable[["ReadableLedger"], Answer]) -> Answer:
        """Answer from facts of billing alone, once per version of them."""
        # The version is read first, so that the answer is at least as new.
        version, key = ledger.facts_version, (ledger.account.name, read.__qualname__)
        answer: Answer = self._facts.find_or_make(key, lambda: read(ledger), version=version)
        return answer


SERVER_BILLS: Final = BillCache()
"""Bills of a server, whose ledgers never have a version twice; a program that opens files makes its own cache."""
