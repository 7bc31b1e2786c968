"""Counters, log entries and callbacks of the client."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from botmeter.client.answers import Receipt
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status, Trouble, TroubleKind

LOG = logging.getLogger("botmeter.client")
# Often enough to be seen, seldom enough not to fill a log.
REPEAT_SECONDS = 60.0

Report = TypeVar("Report", Refusal, Trouble)


class Notices:
    """Thread-safe counters and notifications."""

    def __init__(self, settings: ClientSettings, *, elapsed: Callable[[], float]) -> None:
        self._settings = settings
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._reported_at: dict[str, float] = {}
        self.status = Status()

    def stored(self, receipt: Receipt) -> None:
        with self._lock:
            before = self.status
            self.status = replace(
                before,
                accepted_count=before.accepted_count + receipt.accepted,
                duplicate_count=before.duplicate_count + receipt.duplicates,
                conflict_count=before.conflict_count + receipt.conflicts,
                rejected_count=before.rejected_count + receipt.rejected,
                trouble=None,
            )
        if before.trouble is not None:
            LOG.info("Events are sent again.")
        if receipt.rejected:
            LOG.warning("The server put %d events into its quarantine.", receipt.rejected)
        self._call_for_each(receipt.rejections)

    def refused(self, refusals: Sequence[Refusal]) -> None:
        with self._lock:
            self.status = replace(self.status, refused_count=self.status.refused_count + len(refusals))
            is_due = self._is_due("refused")
        if is_due and refusals:
            LOG.error("%d events are refused: %s (%s)", len(refusals), refusals[0].detail, refusals[0].code)
        self._call_for_each(refusals)

    def lost(self, detail: str, *, count: int = 1) -> None:
        with self._lock:
            self.status = replace(self.status, lost_count=self.status.lost_count + count)
        self.trouble(TroubleKind.FULL, detail)

    def trouble(self, kind: TroubleKind, detail: str, *, code: str | None = None) -> None:
        """Report a problem, at most once a minute per kind."""
        trouble = Trouble(kind=kind, detail=detail, code=code)
        with self._lock:
            self.status = replace(self.status, trouble=trouble)
            if not self._is_due(kind):
                return
        LOG.warning("Botmeter's client, %s: %s", kind.value, detail)
        if self._settings.on_trouble is not None:
            _call(self._settings.on_trouble, trouble)

    def not_answered(self, problem: str) -> None:
        """Log, at most once a minute, that a question was not answered."""
        with self._lock:
            is_due = self._is_due("entitlement")
        if is_due:
            LOG.warning("A message was allowed without an answer: %s", problem)

    def _is_due(self, topic: str) -> bool:
        now = self._elapsed()
        if now - self._reported_at.get(topic, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._reported_at[topic] = now
        return True

    def _call_for_each(self, refusals: Sequence[Refusal]) -> None:
        if self._settings.on_refused is not None:
            for refusal in refusals:
                _call(self._settings.on_refused, refusal)


def _call(function: Callable[[Report], None], report: Report) -> None:
    try:
        function(report)
    except Exception:
        LOG.exception("The bot's own function failed.")
