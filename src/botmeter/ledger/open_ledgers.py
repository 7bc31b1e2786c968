"""The ledgers of a folder's owner, open for all its threads; and the folder as those threads see it."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from botmeter.domain.account import Account, checked_account_name
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.folder import Folder
from botmeter.ledger.interruption import Interruption, WaitPolicy
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_account import OpenAccount
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import Backlog
from botmeter.metering.policy import Policy

PATIENCE_SECONDS = 10.0
"""How long a caller waits for others before it is told that a ledger is busy."""
IDLE_SECONDS = 300.0
"""How long a file that nobody uses stays open."""

_IDLE_LOOK_SECONDS_MAX = 60.0


class OpenLedgers:
    """The ledgers of an owned folder: each opened by the first who asks, closed when idle."""

    def __init__(
        self, folder: Folder, *, patience_seconds: float = PATIENCE_SECONDS, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self.folder = folder
        self._patience_seconds = patience_seconds
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._accounts: dict[str, OpenAccount] = {}
        self._drafting = threading.Lock()
        self._ended = threading.Event()
        # A version never comes twice, not even after a restart: there is less than one commit a microsecond.
        self._first_version = now_us()
        threading.Thread(target=self._close_idle_ones, name="idle ledgers", daemon=True).start()

    def reading(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[ReadableLedger]:
        """The account's ledger as of its last commit, for one reader; its `version` tells commits apart.

        Raises:
            Missing: `account_unknown`.
            Unavailable: `ledger_busy` while the file is being replaced, `server_stopping` at the end.
            Refused: What `Folder.ledger` refuses.
        """
        self.folder.existing_file(name)
        return self.account(name).reading(self.patience(interruption))

    def writing(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        """The account's ledger to change, one at a time; readers see what was committed from then on.

        Raises:
            Missing: `account_unknown`.
            NotAllowed: `ledger_read_only`.
            Unavailable: `ledger_busy` if others are before us for too long, `server_stopping` at the end.
            Refused: What `Folder.ledger` refuses.
        """
        self.folder.existing_file(name)
        return self.account(name).writing(self.patience(interruption))

    def taking_in(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        """The account's ledger for `take_in`, one at a time, while others read and settle; raises as `writing` does."""
        self.folder.existing_file(name)
        return self.account(name).taking_in(self.patience(interruption))

    def settling(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[Ledger]:
        """The account's ledger for `settle`, while live events are taken in; raises as `writing` does."""
        self.folder.existing_file(name)
        return self.account(name).settling(self.patience(interruption))

    def unsettled(self, name: str) -> Backlog:
        """How many live events of the account are on disk and not in its numbers yet; none if its file is not open."""
        return self.account(name).unsettled()

    def exclusively(self, name: str, *, interruption: Interruption | None = None) -> AbstractContextManager[None]:
        """Until the end of the `with`, the account's file is closed and nobody opens it but the present thread.

        Raises:
            Unavailable: `ledger_busy` if others use it for too long.
        """
        return self.account(name).alone(self.patience(interruption))

    @contextmanager
    def drafting(self) -> Iterator[None]:
        """Until the end of the `with`, no other thread makes a file of an account.

        Raises:
            Unavailable: `ledger_busy` if another one does for too long.
        """
        if not self._drafting.acquire(timeout=self._patience_seconds):
            raise Unavailable(
                "ledger_busy",
                f"Another account of {self.folder.path} is being made or restored, for more than "
                f"{self._patience_seconds:g} seconds now. Try again in a moment.",
            )
        try:
            yield
        finally:
            self._drafting.release()

    def close(self) -> None:
        """Closes all files. From now on every reader and writer is refused."""
        self._ended.set()
        with self._lock:
            accounts = tuple(self._accounts.values())
        for account in accounts:
            account.close(self.patience(None))

    def account(self, name: str) -> OpenAccount:
        """The account's place among the open ones, whether or not its file is there."""
        if self._ended.is_set():
            raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
        known_as = checked_account_name(name)
        with self._lock:
            if known_as not in self._accounts:
                opened = OpenAccount(self.folder, known_as, first_version=self._first_version)
                self._accounts[known_as] = opened
            return self._accounts[known_as]

    def patience(self, interruption: Interruption | None) -> WaitPolicy:
        """How long to wait for others, and what ends the waiting early."""
        return WaitPolicy(seconds=self._patience_seconds, interruption=interruption)

    def close_idle(self, seconds: float) -> None:
        """Closes the files that nobody has used for so long."""
        with self._lock:
            accounts = tuple(self._accounts.values())
        for account in accounts:
            account.close_if_idle(seconds)

    def _close_idle_ones(self) -> None:
        while not self._ended.wait(min(self._idle_seconds, _IDLE_LOOK_SECONDS_MAX)):
            self.close_idle(self._idle_seconds)


class SharedFolder(Folder):
    """An owned folder whose ledgers are shared by the threads of its owner; what is written for a folder works on it.

    Args:
        ledgers: The open ledgers.
        interruption: What stops the work that is done here; None: nothing does.
    """

    def __init__(self, ledgers: OpenLedgers, *, interruption: Interruption | None = None) -> None:
        super().__init__(ledgers.folder.path)
        self._ledgers = ledgers
        self._interruption = interruption

    def under(self, interruption: Interruption) -> "SharedFolder":
        """The same folder for a piece of work that `interruption` stops."""
        return SharedFolder(self._ledgers, interruption=interruption)

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        """Open the account's ledger; raises what a folder's own raises, and `ledger_busy` if it stays in use."""
        self.existing_file(name)
        if self._ledgers.account(name).is_mine:
            opened: AbstractContextManager[Ledger] = super().ledger(name)
        else:
            opened = self._ledgers.writing(name, interruption=self._interruption)
        with opened as ledger:
            yield ledger

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        """Open the account's ledger to read from; raises as `ledger` does."""
        self.existing_file(name)
        if self._ledgers.account(name).is_mine:
            opened: AbstractContextManager[ReadableLedger] = super().reading(name)
        else:
            opened = self._ledgers.reading(name, interruption=self._interruption)
        with opened as ledger:
            yield ledger

    def create(self, account: Account, *, policy: Policy, now_us: int) -> None:
        """Makes the account's file; one thread at a time makes one."""
        with self.drafting():
            super().create(account, policy=policy, now_us=now_us)

    def remove(self, name: str) -> None:
        """Deletes the account with all that is in it, when nobody has it open."""
        with self.exclusively(name):
            super().remove(name)

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """Until the end of the `with`, only this thread opens the account's file."""
        return self._ledgers.exclusively(name, interruption=self._interruption)

    def drafting(self) -> AbstractContextManager[None]:
        """Until the end of the `with`, only this thread makes a file of an account."""
        return self._ledgers.drafting()
