"""Counters, log entries and callbacks of the client."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from botmeter.client.answers import Stored
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status, Trouble, TroubleKind

LOG = logging.getLogger("botmeter.client")
# Often enough to be seen, seldom enough not to fill a log.
TOLD_EVERY_SECONDS = 60.0

Told = TypeVar("Told", Refusal, Trouble)


class Notices:
    """Thread-safe counters and notifications."""

    def __init__(self, settings: ClientSettings, *, elapsed: Callable[[], float]) -> None:
        self._settings = settings
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._status = Status()
        self._told_at: dict[str, float] = {}

    @property
    def status(self) -> Status:
        return self._status

    def taken(self, taken: Stored) -> None:
        """Count an accepted batch and clear the current trouble."""
        with self._lock:
            was = self._status
            self._status = replace(
                was,
                accepted_count=was.accepted_count + taken.accepted_count,
                duplicate_count=was.duplicate_count + taken.duplicate_count,
                conflict_count=was.conflict_count + taken.conflict_count,
                rejected_count=was.rejected_count + taken.rejected_count,
                trouble=None,
            )
        if was.trouble is not None:
            LOG.info("Events are sent again.")
        if taken.rejected_count:
            LOG.warning("The server put %d events into its quarantine.", taken.rejected_count)
        self._tell_refusals(taken.refusals)

    def refused(self, refusals: Sequence[Refusal]) -> None:
        """Report events that the server never accepts."""
        with self._lock:
            was = self._status
            self._status = replace(was, refused_count=was.refused_count + len(refusals))
            is_told = self._is_told_now("refused")
        if is_told and refusals:
            LOG.error("%d events are refused: %s (%s)", len(refusals), refusals[0].detail, refusals[0].code)
        self._tell_refusals(refusals)

    def lost(self, detail: str, *, count: int = 1) -> None:
        """Report events without room."""
        with self._lock:
            self._status = replace(self._status, lost_count=self._status.lost_count + count)
        self.trouble(Trouble(kind=TroubleKind.FULL, detail=detail))

    def trouble(self, trouble: Trouble) -> None:
        """Report a problem, at most once a minute per kind."""
        with self._lock:
            self._status = replace(self._status, trouble=trouble)
            if not self._is_told_now(trouble.kind):
                return
        LOG.warning("Botmeter's client, %s: %s", trouble.kind.value, trouble.detail)
        if self._settings.on_trouble is not None:
            _called(self._settings.on_trouble, trouble)

    def _is_told_now(self, what: str) -> bool:
        now = self._elapsed()
        told_at = self._told_at.get(what)
        if told_at is not None and now - told_at < TOLD_EVERY_SECONDS:
            return False
        self._told_at[what] = now
        return True

    def _tell_refusals(self, refusals: Sequence[Refusal]) -> None:
        if self._settings.on_refused is not None:
            for refusal in refusals:
                _called(self._settings.on_refused, refusal)


def _called(call: Callable[[Told], None], what: Told) -> None:
    try:
        call(what)
    except Exception:
        LOG.exception("The bot's own function failed.")
