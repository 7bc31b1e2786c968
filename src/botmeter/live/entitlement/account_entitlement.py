"""Running sessions and allowances of one account in memory, which follow its commits of live events.

Settling changes no session, so these states outlast it; a commit of another writer makes them outdated.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.bill_cache import BillCache
from botmeter.billing.next_session import Allowances, Brake, NoPlan, OpenedSession, allowances_of
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.running_scopes import (
    SETTLED_BEFORE_US,
    MeteredScopes,
    RunningScopes,
    running_scopes,
    scopes_of,
    settled_append,
)
from botmeter.metering.columns import Ints
from botmeter.metering.policy import in_force
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.scope_states import Message, NextMessage, RunningSession, load_kernel
from botmeter.metering.touchpoints import Touchpoint

_SWEPT_EVERY_US: Final = 60 * MICROSECONDS_PER_SECOND
"""Interval between removals of scopes without a running session: 300,000 take 30 ms, in which nobody is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Answer to a bot before its reply.

    Attributes:
        session: Running session of the next message; None if it opens one, or takes no part.
        left: Sessions that allowance and packs still fund; None without a plan, as `cost` (before tax).
        as_of: When it was current (µs UTC); of an account in a lake, when the record was made that it serves.
    """

    opens_session: bool
    session: RunningSession | None
    left: int | None
    cost: Decimal | None
    currency: str | None
    brake: Brake | None
    as_of: int


class NotKnownYet(Exception):
    """The sessions of a scope must be read from the ledger first."""

    def __init__(self, metered: MeteredScopes) -> None:
        super().__init__()
        self.metered = metered


class _Commit(NamedTuple):
    events: pa.Table
    touchpoints: list[Touchpoint]


class AccountEntitlement:
    """States of an account; any thread may call."""

    def __init__(self, account: str, *, ledgers: OpenLedgers, cache: BillCache) -> None:
        self.account = account
        self.used_us = now_us()
        self.refresh_seconds = 0.0
        self._ledgers = ledgers
        self._cache = cache
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._running: RunningScopes | None = None
        self._allowances: Allowances | NoPlan = NoPlan()
        # Version of the ledger that states follow, and that allowances were rated from; None: neither.
        self._version: int | None = None
        self._rated_version: int | None = None
        self._settling_from: int | None = None
        # By the version before each settling during a read.
        self._settled: dict[int, int] = {}
        self._has_rated = False
        self._current_us = self._swept_us = 0
        self._opened: list[tuple[int, OpenedSession]] = []
        self._journals: list[list[_Commit]] = []

    @property
    def is_ready(self) -> bool:
        return self._running is not None and self._has_rated

    @property
    def scope_count(self) -> int:
        running = self._running
        return 0 if running is None else sum(len(each.scopes) for each in running.metered)

    @property
    def is_behind(self) -> bool:
        """Return whether another writer has committed, or the cycle has ended."""
        return not self._is_current() or self._rated_version is None or self._is_over()

    def entitlement(self, message: Message) -> Entitlement:
        """Answer from memory.

        Raises:
            NotKnownYet: The scope of the message must be read with `read_scope` first.
        """
        with self._lock:
            running, self.used_us = self._running, now_us()
            if running is None or not self._has_rated:
                raise Unavailable("entitlement_not_ready", "The running sessions of the account are being read.")
            if not self.is_behind:
                self._current_us = self.used_us
            counted = message._replace(customer_id=running.customer_of.get(message.customer_id, message.customer_id))
            outcomes = [_next_message(each, counted, at_us=self.used_us) for each in running.metered]
            labels: set[str | None] = set()
            for metered, outcome in zip(running.metered, outcomes, strict=True):
                if outcome.opens_session:
                    labels |= _labels(metered, self.used_us)
            opened = OpenedSession(labels=labels, bot_id=message.bot_id, channel=message.channel, at_us=self.used_us)
            own = outcomes[0]
            allowances = self._allowances
            price = None if isinstance(allowances, NoPlan) else allowances.price(opened)
            return Entitlement(
                opens_session=own.opens_session,
                session=own.session,
                left=None if price is None else price.left,
                cost=None if price is None else price.cost,
                currency=None if price is None else price.currency,
                brake=None if price is None else price.brake,
                as_of=self._current_us if running.lake is None else running.lake.recorded_at,
            )

    def refresh(self) -> None:
        """Read what is outdated; of an account that is not, so that its file stays open."""
        load_kernel()
        with self._reading:
            started, is_first = time.monotonic(), not self._has_rated
            if self._running is None or not self._is_current():
                self._read_running()
            if self._rated_version != self._version or self._is_over():
                self._rate()
            else:
                with self._ledgers.reading(self.account):
                    pass
            if now_us() - self._swept_us >= _SWEPT_EVERY_US:
                self._sweep()
            # The first one opens the file, too.
            self.refresh_seconds = 0.0 if is_first else time.monotonic() - started

    def _sweep(self) -> None:
        with self._lock:
            self._swept_us = now_us()
            for each in () if self._running is None else self._running.metered:
                each.scopes.remove_over(self._swept_us - SETTLED_BEFORE_US)

    def read_scope(self, message: Message, *, metered: MeteredScopes) -> None:
        with self._lock:
            running = self._running
        if running is None:
            return
        counted = message._replace(customer_id=running.customer_of.get(message.customer_id, message.customer_id))
        with self._journal() as journal:
            with self._ledgers.reading(self.account) as ledger:
                scopes, append_no = scopes_of(ledger, counted, metered=metered, now_us=now_us())
            with self._lock:
                for commit in journal:
                    later = _after(commit, append_no)
                    scopes.add(_meter_events(later.events, running), touchpoints=later.touchpoints)
                metered.scopes.merge(scopes, [counted])

    def note_commit(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> None:
        """Follow a commit of live events, before its senders are answered."""
        with self._lock:
            commit = _Commit(events.select([*METER_SCHEMA.names, "append_no"]), touchpoints)
            for journal in self._journals:
                journal.append(commit)
            if self._running is not None:
                self._add(self._running, commit)

    @contextmanager
    def settling(self, ledger: Ledger) -> Iterator[None]:
        """Settle in the `with`, which no other writer may enter."""
        before = self._settling_from = ledger.version
        try:
            yield
        finally:
            with self._lock:
                self._settling_from, after = None, ledger.version
                # A settling without events changes nothing.
                if self._journals and after != before:
                    self._settled[before] = after
                if self._version == before:
                    self._version = after

    def _is_current(self) -> bool:
        version = self._version
        return version is not None and version in (self._ledgers.version(self.account), self._settling_from)

    def _is_over(self) -> bool:
        return now_us() >= self._allowances.until_us

    @contextmanager
    def _journal(self) -> Iterator[list[_Commit]]:
        # Commits during a read, which may or may not see them.
        journal: list[_Commit] = []
        with self._lock:
            self._journals.append(journal)
        try:
            yield journal
        finally:
            with self._lock:
                self._journals = [each for each in self._journals if each is not journal]
                if not self._journals:
                    self._settled.clear()

    def _read_running(self) -> None:
        with self._journal() as journal:
            started_us = now_us()
            with self._ledgers.reading(self.account) as ledger:
                running = running_scopes(ledger, now_us=started_us)
            with self._lock:
                self._opened = []
                self._add(running, _Commit(running.arrivals, running.touchpoints))
                for commit in journal:
                    self._add(running, _after(commit, running.append_no))
                self._running = replace(running, arrivals=running.arrivals.slice(0, 0))
                self._version, self._rated_version = self._settled_since(running.version), None
                self._current_us = max(self._current_us, started_us)

    def _settled_since(self, version: int) -> int:
        while version in self._settled:
            version = self._settled[version]
        return version

    def _rate(self) -> None:
        started_us = now_us()
        with self._ledgers.reading(self.account) as ledger:
            version, append_no = ledger.version, settled_append(ledger)
            allowances = allowances_of(ledger, now_us=started_us, cache=self._cache)
        with self._lock:
            self._opened = [each for each in self._opened if each[0] > append_no]
            if isinstance(allowances, Allowances):
                for _append_no, session in self._opened:
                    allowances.add(session)
            self._allowances, self._rated_version, self._has_rated = allowances, version, True

    def _add(self, running: RunningScopes, commit: _Commit) -> None:
        if not len(commit.events):
            return
        events = _meter_events(commit.events, running)
        for metered in running.metered:
            rows = metered.scopes.add(events, touchpoints=commit.touchpoints)
            for append_no, session in _opened(metered, commit, rows=rows):
                self._opened.append((append_no, session))
                if running is self._running and isinstance(self._allowances, Allowances):
                    self._allowances.add(session)


def _next_message(metered: MeteredScopes, message: Message, *, at_us: int) -> NextMessage:
    try:
        return metered.scopes.next_message(message, at_us=at_us)
    except LookupError:
        raise NotKnownYet(metered) from None


def _labels(metered: MeteredScopes, at_us: int) -> set[str | None]:
    return {metered.label, in_force(metered.schedule, at_us=at_us).policy.label}


def _after(commit: _Commit, append_no: int) -> _Commit:
    return commit._replace(events=commit.events.filter(pc.greater(commit.events["append_no"], append_no)))


def _meter_events(events: pa.Table, running: RunningScopes) -> pa.Table:
    selected = events.select(METER_SCHEMA.names)
    if running.customer_of:
        sent = selected["customer_id"].to_pylist()
        counted = pa.array([running.customer_of.get(customer, customer) for customer in sent], pa.string())
        selected = selected.set_column(selected.schema.get_field_index("customer_id"), "customer_id", counted)
    return selected.cast(METER_SCHEMA)


def _opened(metered: MeteredScopes, commit: _Commit, *, rows: Ints) -> Iterator[tuple[int, OpenedSession]]:
    opening = commit.events.select(["append_no", "touchpoint", "occurred_at"]).take(pa.array(rows))
    for append_no, number, at_us in zip(*(column.to_pylist() for column in opening.columns), strict=True):
        touchpoint = commit.touchpoints[number]
        yield (
            append_no,
            OpenedSession(
                labels=_labels(metered, at_us), bot_id=touchpoint.bot_id, channel=touchpoint.channel, at_us=at_us
            ),
        )
