"""The intake of this process: offers in, answers out, for all accounts; opened and closed with the ledgers."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live import metrics
from botmeter.live.commit import Committer, Desk
from botmeter.live.pending import Answered, Offer, Waiting
from botmeter.live.queue import Room
from botmeter.live.settling import Settler


class Intake:
    """Committing and metering threads, made for an account when it is first offered something."""

    def __init__(
        self,
        desk: Desk,
        *,
        settle: Callable[[str], None],
        lag_seconds: Callable[[], float] = float,
        room: Room | None = None,
    ) -> None:
        """Over `desk`; `settle` meters what an account has taken in."""
        self.room = room or Room()
        self.lag_seconds = lag_seconds
        self._settle = settle
        self._desk = Desk(
            live_append=desk.live_append, source_of=desk.source_of, committed=self._after_commit, failed=desk.failed
        )
        self._told_of_commits = desk.committed
        self._lock = threading.Lock()
        self._committers: dict[str, Committer] = {}
        self._settlers: dict[str, Settler] = {}
        self._is_closed = False

    def offer(self, offer: Offer, *, tell: Callable[[Answered | Exception], None]) -> None:
        """Queues an offer; `tell` is called once, from another thread, when it is on disk or has failed.

        Raises:
            Unavailable: `queue_full`, `server_stopping`; nothing of the offer was taken.
        """
        committer = self._committer(offer.account)
        try:
            self.room.take(offer.size_bytes)
        except Unavailable:
            metrics.queue_refused()
            raise
        try:
            committer.queue.put(Waiting(offer=offer, tell=tell))
        except BotmeterError:
            self.room.give_back(offer.size_bytes)
            raise

    async def answered(self, offer: Offer) -> Answered:
        """What the offer is told; for the asynchronous front. Raises what `offer` raises, and what it was told."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()

        def told(answer: Answered | Exception) -> None:
            # The server may have ended without waiting; the thread that tells goes on to others.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_set, future, answer)

        self.offer(offer, tell=told)
        return await future

    def wake(self, account: str) -> None:
        """Has the account's outstanding events metered."""
        with self._lock:
            if self._is_closed:
                return
            settler = self._settlers.get(account)
            if settler is None:
                settler = Settler(account, settle=self._settle, failed=self._desk.failed)
                self._settlers[account] = settler
        settler.wake()

    def meter_left_over(self, accounts: Sequence[str]) -> None:
        """Meters, one account after another, what was taken in and not metered when the last process ended."""
        for account in accounts:
            try:
                self._settle(account)
            except BotmeterError:
                # A file that is being replaced or can't be written: whoever opens it next meters it, or is told.
                continue

    def close(self) -> None:
        """Answers all who wait, meters what they brought, and takes nothing more."""
        with self._lock:
            self._is_closed = True
            committers = list(self._committers.values())
        for committer in committers:
            committer.close()
        for settler in list(self._settlers.values()):
            settler.close()

    def _committer(self, account: str) -> Committer:
        with self._lock:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
            committer = self._committers.get(account)
            if committer is None:
                committer = Committer(account, desk=self._desk, room=self.room)
                self._committers[account] = committer
            return committer

    def _after_commit(self, account: str, answers: Sequence[Answered], *, seconds: float) -> None:
        self._told_of_commits(account, answers, seconds=seconds)
        if any(answer.receipt.accepted for answer in answers):
            self.wake(account)


def _set(future: "asyncio.Future[Answered]", answer: Answered | Exception) -> None:
    # Whoever asked may be gone.
    if future.cancelled():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
