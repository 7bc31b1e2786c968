"""State machine that sends one batch at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from botmeter.client.answers import Blocked, Outcome, Receipt, RetryLater, TooLarge, Unusable, outcome
from botmeter.client.backlog import NEVER, Backlog, Batch, first_part
from botmeter.client.notices import Notices
from botmeter.client.refused import RefusedFile
from botmeter.client.settings import ClientSettings
from botmeter.client.spill import event_id_of, joined
from botmeter.client.status import Refusal, TroubleKind
from botmeter.client.transport import NoAnswer, Post

RETRY_FIRST_SECONDS = 0.5
RETRY_SECONDS_MAX = 60.0
# A corrected key is noticed within a minute, and a wrong one causes little load.
BLOCKED_SECONDS = 60.0
STORE_AGAIN_SECONDS = 1.0
# Shortest wait for an answer at close: enough for a nearby server.
LAST_ANSWER_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Network, clock and random numbers, replaceable in tests.

    Attributes:
        connect: Called once, on the sending thread.
        elapsed: Monotonic seconds.
        random: In [0, 1).
    """

    connect: Callable[[], Post]
    elapsed: Callable[[], float]
    now_us: Callable[[], int]
    random: Callable[[], float]


class Sender:
    """Sends waiting events; called from one thread."""

    def __init__(
        self,
        backlog: Backlog,
        notices: Notices,
        *,
        settings: ClientSettings,
        ports: Ports,
        refused_file: RefusedFile | None,
    ) -> None:
        self.retry_at = 0.0
        # Set at close, as the limit of waiting for an answer.
        self.ends_at = NEVER
        self.refused_file = refused_file
        self._backlog = backlog
        self._notices = notices
        self._settings = settings
        self._ports = ports
        self._post: Post | None = None
        self._count_max = settings.batch_events_max
        self._failure_count = 0

    def step(self) -> float:
        """Send or write one part to disk; return the time of the next call."""
        now = self._ports.elapsed()
        if now < self.retry_at:
            self._store(now)
            return min(self.retry_at, self._store_again_at(now))
        batch = self._batch(now)
        if batch is None:
            return self._backlog.due_at()
        if self._backlog.is_behind:
            self._store(now)
        part = first_part(batch.lines, count_max=self._count_max, bytes_max=self._settings.batch_bytes_max)
        if part:
            self._settle(part, self._sent(part))
        else:
            self._backlog.settle(0)
        return max(self._ports.elapsed(), self.retry_at)

    def _batch(self, now: float) -> Batch | None:
        if self._backlog.batch is not None:
            return self._backlog.batch
        try:
            invalid = self._backlog.load_batch(now)
        except OSError as problem:
            self._notices.trouble(TroubleKind.DISK, f"A file of waiting events can't be read: {problem}.")
            return None
        if invalid:
            detail = "The line was cut when the process or the machine ended."
            self._record_refused(invalid, Refusal(code="client_line_torn", detail=detail))
        return self._backlog.batch

    def _sent(self, part: list[bytes]) -> Outcome:
        if self._post is None:
            self._post = self._ports.connect()
        left_seconds = max(self.ends_at - self._ports.elapsed(), LAST_ANSWER_SECONDS)
        try:
            answer = self._post(joined(part), within_seconds=min(self._settings.answer_seconds, left_seconds))
        except NoAnswer as problem:
            return RetryLater(detail=f"The server did not answer. {problem}")
        return outcome(answer, event_count=len(part), now_us=self._ports.now_us())

    def _settle(self, part: list[bytes], outcome: Outcome) -> None:
        match outcome:
            case Receipt():
                self._failure_count = 0
                # Reaching a limit halves the batch; it grows slowly, since the cause may have been one large event.
                self._count_max = min(self._settings.batch_events_max, self._count_max + self._count_max // 8 + 1)
                # Whoever waits for the events reads the status next.
                self._notices.stored(outcome)
                self._backlog.settle(len(part))
            case RetryLater():
                self._wait(outcome.after_seconds + self._backoff_seconds())
                self._notices.trouble(TroubleKind.AWAY, outcome.detail)
            case Blocked():
                self._wait(BLOCKED_SECONDS)
                self._notices.trouble(TroubleKind.BARRED, outcome.detail, code=outcome.code)
            case TooLarge() if len(part) > 1:
                self._count_max = len(part) // 2
            case TooLarge() | Unusable():
                self._refuse(part, Refusal(code=outcome.code, detail=outcome.detail))
            case _:
                assert_never(outcome)

    def _backoff_seconds(self) -> float:
        # Random delay, so that clients don't return together.
        limit_seconds = min(RETRY_SECONDS_MAX, RETRY_FIRST_SECONDS * 2 ** min(self._failure_count, 10))
        self._failure_count += 1
        return limit_seconds * self._ports.random()

    def _wait(self, seconds: float) -> None:
        now = self._ports.elapsed()
        self.retry_at = now + seconds
        self._store(now)

    def _refuse(self, lines: list[bytes], reason: Refusal) -> None:
        if self._record_refused(lines, reason):
            self._backlog.settle(len(lines), are_refused=True)
        else:
            # Nothing is dropped because a disk is full: the batch stays at the head until it can be stored.
            self._wait(BLOCKED_SECONDS)

    def _record_refused(self, lines: list[bytes], reason: Refusal) -> bool:
        try:
            if self.refused_file is not None:
                self.refused_file.append(lines, reason=reason, now_us=self._ports.now_us())
                self.refused_file.sync()
        except OSError as problem:
            self._notices.trouble(TroubleKind.DISK, f"Refused events can't be stored: {problem}.")
            return False
        self._notices.refused([replace(reason, event_id=event_id_of(line)) for line in lines])
        return True

    def _store(self, now: float) -> None:
        try:
            self._backlog.store_due(now)
        except OSError as problem:
            self._notices.trouble(TroubleKind.DISK, f"Events can't be stored on disk: {problem}.")

    def _store_again_at(self, now: float) -> float:
        due_at = self._backlog.tail_due_at()
        # Events that are due could not be stored; there may be room a little later.
        return due_at if due_at > now else now + STORE_AGAIN_SECONDS
