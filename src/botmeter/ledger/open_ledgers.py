"""Open ledgers of a folder's owner, shared by its threads."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import duckdb

from botmeter.domain.account import Account, checked_account_name
from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.append_beside import BESIDE_FROM_BYTES, ImportAccess, LivePause
from botmeter.ledger.fair_queue import LiveSlots
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import ledger_missing, lost_accounts
from botmeter.ledger.interruption import Interruption, WaitPolicy
from botmeter.ledger.lake_account import ServedRecord
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_account import OpenAccount
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import Backlog, settle
from botmeter.metering.policy import Policy

WAIT_SECONDS = 10.0
"""Wait for other users of a ledger before it is reported as busy."""
IDLE_SECONDS = 300.0
"""An unused file stays open this long."""
OPEN_MAX = 64
"""Open files, more only while all are in use. Each takes 5 to 8 MB and a thread. Closing one that has new events and
opening another takes 0.15 s, which each event of more accounts than these would cost."""
BUFFERS_BYTES_MAX = 1 << 30
"""Pages of all open files in memory; beyond it, unused files are closed. Each file alone is limited by DuckDB."""

# Accounts that commit live events at once, and as many that meter them. All share the cores and the disk.
_LIVE_MAX = 8
_IDLE_CHECK_SECONDS_MAX = 10.0


class OpenLedgers:
    """Ledgers of an owned folder, opened by the first user, closed when idle or too many.

    Methods raise as `Folder.ledger`, `ledger_busy` after too long a wait, or `server_stopping`.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        wait_seconds: float = WAIT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        open_max: int = OPEN_MAX,
    ) -> None:
        self.folder = folder
        self._open_max = open_max
        self._slots = LiveSlots(_LIVE_MAX)
        self._wait_seconds = wait_seconds
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._accounts: dict[str, OpenAccount] = {}
        self._drafting = threading.Lock()
        self._ended = threading.Event()
        # A version never repeats, not even after a restart: there is less than one commit per microsecond.
        self._first_version = now_us()
        threading.Thread(target=self._close_idle_ones, name="idle ledgers", daemon=True).start()

    def reading(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[ReadableLedger]:
        return self._existing(name).reading(self.wait_policy(interruption))

    def writing(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        return self._existing(name).writing(self.wait_policy(interruption))

    def importing(
        self, name: str, *, interruption: Interruption | None = None
    ) -> AbstractContextManager[tuple[Ledger, LivePause]]:
        return self._existing(name).importing(self.wait_policy(interruption))

    def appending_live(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        return self._existing(name).appending_live(self.wait_policy(interruption))

    def settling(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        return self._existing(name).settling(self.wait_policy(interruption))

    def unsettled(self, name: str) -> Backlog:
        return self.account(name).unsettled()

    def exclusively(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[None]:
        return self.account(name).exclusive(self.wait_policy(interruption))

    def problems(self) -> dict[str, BotmeterError]:
        with self._lock:
            accounts = dict(self._accounts)
        known = {name: problem for name, account in accounts.items() if (problem := account.problem()) is not None}
        return known | {name: ledger_missing(name) for name in lost_accounts(self.folder.path)}

    @contextmanager
    def drafting(self) -> Iterator[None]:
        if not self._drafting.acquire(timeout=self._wait_seconds):
            raise Unavailable(
                "ledger_busy",
                f"Another account of {self.folder.path} has been in creation or restoration for more than "
                f"{self._wait_seconds:g} seconds. Try again in a moment.",
            )
        try:
            yield
        finally:
            self._drafting.release()

    def close(self) -> None:
        """Close all files; refuse later users."""
        self._ended.set()
        with self._lock:
            accounts = tuple(self._accounts.values())
        for account in accounts:
            account.close(self.wait_policy(None))

    def account(self, name: str) -> OpenAccount:
        if self._ended.is_set():
            raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
        known_as = checked_account_name(name)
        with self._lock:
            if known_as not in self._accounts:
                opened = OpenAccount(self.folder, known_as, first_version=self._first_version, slots=self._slots)
                self._accounts[known_as] = opened
            return self._accounts[known_as]

    def open_title(self, name: str) -> str | None:
        """Account's title; None: its file is closed."""
        with self._lock:
            account = self._accounts.get(name.lower())
        return None if account is None else account.open_title

    def version(self, name: str) -> int | None:
        """Version of an account's open file, without waiting; None: closed."""
        account = self._accounts.get(name)
        return None if account is None else account.version

    def wait_policy(self, interruption: Interruption | None) -> WaitPolicy:
        return WaitPolicy(seconds=self._wait_seconds, interruption=interruption)

    def close_idle(self, seconds: float, *, name: str | None = None) -> None:
        """Close files unused for as long; `name`: of this account alone."""
        for account in self._open_ones() if name is None else [self.account(name)]:
            account.close_if_idle(seconds)

    def close_beyond(self, bytes_max: int) -> None:
        """Close unused files, least recently used first, until all pages take no more memory."""
        accounts = self._open_ones()
        sizes = [_buffer_bytes(account) for account in accounts]
        total = sum(sizes)
        for account, size_bytes in zip(accounts, sizes, strict=True):
            if total > bytes_max and account.close_if_idle(0):
                total -= size_bytes

    def _existing(self, name: str) -> OpenAccount:
        self.folder.existing_file(name)
        account = self.account(name)
        if not account.is_open:
            others = self._open_ones()
            excess = len(others) + 1 - self._open_max
            for each in others:
                if excess > 0 and each.close_if_idle(0):
                    excess -= 1
        return account

    def _open_ones(self) -> list[OpenAccount]:
        """Least recently used first."""
        with self._lock:
            accounts = [account for account in self._accounts.values() if account.is_open]
        return sorted(accounts, key=lambda account: account.used_at)

    def _close_idle_ones(self) -> None:
        while not self._ended.wait(min(self._idle_seconds, _IDLE_CHECK_SECONDS_MAX)):
            self.close_idle(self._idle_seconds)
            self.close_beyond(BUFFERS_BYTES_MAX)


def _buffer_bytes(account: OpenAccount) -> int:
    with suppress(duckdb.Error):
        return account.buffer_bytes()
    return 0


class SharedFolder(Folder):
    """Owned folder of shared ledgers, as a `Folder`; an `interruption` stops its work."""

    def __init__(self, ledgers: OpenLedgers, *, interruption: Interruption | None = None) -> None:
        super().__init__(ledgers.folder.path)
        self._ledgers = ledgers
        self._interruption = interruption

    def under(self, interruption: Interruption) -> "SharedFolder":
        return SharedFolder(self._ledgers, interruption=interruption)

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        with self._ledgers.writing(name, interruption=self._interruption) as ledger:
            yield ledger

    @contextmanager
    def importing(self, name: str, *, size_bytes: int | None) -> Iterator[ImportAccess]:
        if size_bytes is None or size_bytes < BESIDE_FROM_BYTES:
            with self.ledger(name) as ledger:
                yield ImportAccess(ledger=ledger, live_pause=None)
            return
        with self._ledgers.importing(name, interruption=self._interruption) as (ledger, live_pause):
            yield ImportAccess(ledger=ledger, live_pause=live_pause)

    @contextmanager
    def rehearsing(self, name: str) -> Iterator[Ledger]:
        with self._ledgers.settling(name, interruption=self._interruption) as ledger:
            settle(ledger, now_us=now_us())
            yield ledger

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        with self._ledgers.reading(name, interruption=self._interruption) as ledger:
            yield ledger

    def create(self, account: Account, *, policy: Policy, now_us: int, lake: ServedRecord | None = None) -> None:
        with self.drafting():
            super().create(account, policy=policy, now_us=now_us, lake=lake)

    def remove(self, name: str) -> None:
        with self.exclusively(name):
            super().remove(name)

    @contextmanager
    def exclusively(self, name: str) -> Iterator[Folder]:
        with self._ledgers.exclusively(name, interruption=self._interruption):
            yield Folder(self.path)

    def drafting(self) -> AbstractContextManager[None]:
        return self._ledgers.drafting()
