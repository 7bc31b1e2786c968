"""Answers to bots that ask before they reply, for the accounts that ask."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, NamedTuple

import pyarrow as pa

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import metrics
from botmeter.live.bugs import report_bug
from botmeter.live.entitlement.account_entitlement import AccountEntitlement, Entitlement, NotKnownYet
from botmeter.metering.scope_states import Message
from botmeter.metering.touchpoints import Touchpoint

_REFRESH_SECONDS: Final = 1.0
"""Minimum time between the starts of two rounds. What is settled meanwhile is counted in memory."""
_BUSY_SHARE_MAX: Final = 0.2
"""Maximum share of the time spent in rounds: rating a cycle of 400,000 sessions takes 0.1 s."""
_REFRESH_WAIT_SECONDS: Final = 1.0
"""Longest wait for commits of another writer, unless the last refresh took longer."""
_READ_SECONDS: Final = 10.0
_UNUSED_US: Final = 900 * MICROSECONDS_PER_SECOND
"""The states of an account that has not asked for this long are dropped."""
_SCOPES_MAX: Final = 1_000_000
"""Scopes of all accounts in memory, about 400 MB; beyond it, those of accounts that asked longest ago are dropped."""
_READERS: Final = 2
_WAITING_MAX: Final = 64
"""Reads of single scopes that wait for a thread; each takes some ms, and a bot waits 50 ms."""
_KEPT_OPEN_SECONDS: Final = 60.0
_log: Final = logging.getLogger(__name__)


class Reading(NamedTuple):
    """A read to wait for before asking again; without it a question is answered as of earlier, or not at all."""

    future: "Future[None]"
    seconds_max: float
    is_optional: bool = False


class Entitlements:
    """Entitlements of a server; one thread keeps them current."""

    def __init__(self, ledgers: OpenLedgers) -> None:
        self._ledgers = ledgers
        self._cache = SERVER_BILLS
        self._lock = threading.Lock()
        self._accounts: dict[str, AccountEntitlement] = {}
        self._prepared: dict[str, Future[None]] = {}
        self._readers = ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="entitlement reads")
        self._waiting = threading.BoundedSemaphore(_WAITING_MAX)
        self._due = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        self._end.set()
        self._due.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
        self._readers.shutdown(cancel_futures=True)

    def prepared(self, account: str) -> Future[None] | None:
        """Begin to follow an account; return a future that ends once it can answer, None: it can."""
        with self._lock:
            known = self._accounts.get(account)
            if known is not None and known.is_ready:
                return None
            future = self._prepared.get(account)
            if future is None:
                if self._end.is_set():
                    raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
                made = AccountEntitlement(account, ledgers=self._ledgers, cache=self._cache)
                state = self._accounts.setdefault(account, made)
                future = self._prepared[account] = self._readers.submit(self._prepare, state)
                self._start()
            return future

    def entitlement(self, account: str, message: Message, *, may_be_behind: bool = False) -> Entitlement | Reading:
        """Answer from memory, or begin to read what is missing; then ask again.

        Args:
            may_be_behind: What another writer committed is not waited for.
        """
        preparing = self.prepared(account)
        if preparing is not None:
            return Reading(preparing, _READ_SECONDS)
        state = self._accounts[account]
        if state.is_behind:
            if not may_be_behind and state.refresh_seconds <= _REFRESH_WAIT_SECONDS:
                return Reading(self._refreshing(state), _REFRESH_WAIT_SECONDS, is_optional=True)
            self._due.set()
        try:
            answer = state.entitlement(message)
        except NotKnownYet as missing:
            metrics.ENTITLEMENT_READS.inc()
            return Reading(self._read(state, message, missing=missing), _READ_SECONDS)
        metrics.ENTITLEMENT_ANSWERS.labels(allowed="false" if answer.brake else "true").inc()
        return answer

    def note_commit(self, account: str, events: pa.Table, *, touchpoints: list[Touchpoint]) -> None:
        state = self._accounts.get(account)
        if state is None:
            return
        try:
            state.note_commit(events, touchpoints=touchpoints)
        except Exception as problem:  # noqa: BLE001 - the events are on disk, so their senders must be told
            report_bug("following a commit for entitlements", problem)
            self._drop(state)

    @contextmanager
    def settling(self, account: str, ledger: Ledger) -> Iterator[None]:
        state = self._accounts.get(account)
        if state is None:
            yield
            return
        with state.settling(ledger):
            yield
        self._due.set()

    def scope_count(self) -> int:
        return sum(state.scope_count for state in list(self._accounts.values()))

    def _refreshing(self, state: AccountEntitlement) -> Future[None]:
        with self._lock:
            future = self._prepared.get(state.account)
            if future is None:
                future = self._prepared[state.account] = self._readers.submit(self._prepare, state)
            return future

    def _prepare(self, state: AccountEntitlement) -> None:
        try:
            if state.is_ready:
                self._refresh(state)
            else:
                state.refresh()
        except BaseException:
            self._drop(state)
            raise
        finally:
            with self._lock:
                self._prepared.pop(state.account, None)

    def _read(self, state: AccountEntitlement, message: Message, *, missing: NotKnownYet) -> Future[None]:
        if not self._waiting.acquire(blocking=False):
            raise Unavailable(
                "entitlement_busy", f"{_WAITING_MAX} customers' sessions are being read already. Try again in a moment."
            )

        def read() -> None:
            try:
                state.read_scope(message, metered=missing.metered)
            finally:
                self._waiting.release()

        return self._readers.submit(read)

    def _start(self) -> None:
        # `_lock` is held.
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="entitlements", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            self._due.wait(_KEPT_OPEN_SECONDS)
            self._due.clear()
            started = time.monotonic()
            for state in list(self._accounts.values()):
                self._refresh(state)
            self._drop_unused()
            run_seconds = time.monotonic() - started
            pause = max(_REFRESH_SECONDS - run_seconds, run_seconds * (1 - _BUSY_SHARE_MAX) / _BUSY_SHARE_MAX)
            self._end.wait(pause)

    def _refresh(self, state: AccountEntitlement) -> None:
        if self._end.is_set() or not state.is_ready:
            return
        try:
            # Also if nothing changed, so that the file of an account that asks is not closed.
            state.refresh()
        except BotmeterError as problem:
            # Busy, replaced or refused: answers go on from memory and say as of when.
            _log.warning("Entitlements of account %s are not current: %s", state.account, problem.message)
        except Exception as problem:  # noqa: BLE001 - reported with its trace; the other accounts must be refreshed
            report_bug("reading entitlements", problem)
            self._drop(state)

    def _drop_unused(self) -> None:
        states = sorted(self._accounts.values(), key=lambda state: state.used_us)
        count = sum(state.scope_count for state in states)
        for state in states:
            if count > _SCOPES_MAX or state.used_us < now_us() - _UNUSED_US:
                count -= state.scope_count
                self._drop(state)

    def _drop(self, state: AccountEntitlement) -> None:
        with self._lock:
            if self._accounts.get(state.account) is state:
                del self._accounts[state.account]
