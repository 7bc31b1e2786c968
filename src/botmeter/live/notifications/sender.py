"""The sender: threads that hand over what is due, a few at once for each channel."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.urls import set_script_prefix

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import metrics
from botmeter.live.bugs import report_bug
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import (
    Answer,
    Outcome,
    Render,
    RenderContext,
    Rendered,
    Transport,
    Withdrawn,
)
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.retry_times import attempts_max
from botmeter.people.notifications.topics import Channel

CHECK_SECONDS: Final = 15.0
"""Longest interval between checks: commands of other processes put notifications, too."""
THREADS_MAX: Final = {Channel.EMAIL: 2, Channel.WEBHOOK: 4, Channel.CHAT: 2, Channel.FOLDER: 1}
"""Hand-overs at once. Each mostly waits for another server; one that hangs must not hold up the others."""
_END_SECONDS: Final = 5.0
"""Time limit for running hand-overs when the server stops; what is unfinished is sent again after its lease."""
_FORGET_EVERY: Final = timedelta(days=1)
_RECORD_AGAIN_SECONDS: Final = 2.0
_ENDED: Final = "The server ended during each attempt."


class NotificationSender:
    """Threads that send the notifications of a data folder."""

    def __init__(
        self,
        ledgers: OpenLedgers,
        *,
        render: Render,
        transports: Mapping[Channel, Transport],
        data_folder: str | None = None,
        clock: Callable[[], datetime] = present,
    ) -> None:
        self._ledgers = ledgers
        self._render = render
        self._transports = transports
        self._data_folder = data_folder
        self._clock = clock
        self._lock = threading.Lock()
        self._running: Counter[Channel] = Counter()
        self._in_flight: dict[UUID, Notification] = {}
        self._threads: list[threading.Thread] = []
        self._forgot_at: datetime | None = None
        self._end = threading.Event()
        self._woken = threading.Event()

    def begin(self) -> None:
        outbox.waking.append(self.wake)
        self._start(self._run, "notifications")

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self._end.set()
        self._woken.set()
        if self.wake in outbox.waking:
            outbox.waking.remove(self.wake)
        with self._lock:
            threads = list(self._threads)
        end = time.monotonic() + _END_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def send_due(self) -> int:
        """Send what is due in this thread; return how many attempts were made."""
        count = 0
        for channel in self._transports:
            while (notification := self._next(channel)) is not None:
                self._send(notification)
                count += 1
        return count

    def _start(self, run: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            self._woken.clear()
            pause = CHECK_SECONDS
            try:
                self._start_threads()
                self._forget_old()
                self._note_waiting()
                pause = self._seconds_until_due()
            except (DatabaseError, InterfaceError, OSError):
                # The database or the disk; requests report it.
                pass
            except Exception as problem:  # noqa: BLE001 - reported with its trace; the next check may succeed
                report_bug("checking for due notifications", problem)
            finally:
                connections.close_all()
            self._woken.wait(pause)

    def _start_threads(self) -> None:
        for channel in self._transports:
            free_count = THREADS_MAX[channel] - self._running[channel]
            due_count = len(self._due(channel)[:free_count]) if free_count > 0 else 0
            for _ in range(due_count):
                with self._lock:
                    self._running[channel] += 1
                self._start(partial(self._send_next_ones, channel), f"sending by {channel}")

    def _seconds_until_due(self) -> float:
        due_at = outbox.next_due_at(self._folder_id(), now=self._clock())
        seconds = CHECK_SECONDS if due_at is None else (due_at - self._clock()).total_seconds()
        return min(max(seconds, 0.0), CHECK_SECONDS)

    def _note_waiting(self) -> None:
        waiting = outbox.waiting_notifications(self._folder_id(), now=self._clock())
        metrics.set_waiting_notifications(waiting.count, oldest_seconds=waiting.oldest_seconds)

    def _forget_old(self) -> None:
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            outbox.forget_old(now=now)
            self._forgot_at = now

    def _send_next_ones(self, channel: Channel) -> None:
        set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
        try:
            while not self._end.is_set() and (notification := self._next(channel)) is not None:
                self._send(notification)
        except (DatabaseError, InterfaceError):
            pass
        finally:
            connections.close_all()
            with self._lock:
                self._running[channel] -= 1
            self._woken.set()

    def _due(self, channel: Channel) -> list[Notification]:
        with self._lock:
            in_flight = list(self._in_flight.values())
        due = outbox.due_notifications(self._folder_id(), now=self._clock()).filter(channel=channel)
        due = due.exclude(pk__in=[each.pk for each in in_flight])
        if channel is not Channel.EMAIL:
            # One at a time for each destination, in order; a slow one waits for itself alone.
            due = due.exclude(recipient__in=[each.recipient for each in in_flight if each.channel == channel])
        return list(due[: THREADS_MAX[channel]])

    def _next(self, channel: Channel) -> Notification | None:
        while due := self._due(channel):
            for notification in due:
                with self._lock:
                    if notification.pk in self._in_flight:
                        continue
                    self._in_flight[notification.pk] = notification
                is_claimed = False
                try:
                    is_claimed = outbox.claim(notification, now=self._clock())
                finally:
                    # Also if the database fails: otherwise nobody would send it until a restart.
                    if not is_claimed:
                        self._landed(notification)
                if is_claimed:
                    return notification
        return None

    def _landed(self, notification: Notification) -> None:
        with self._lock:
            self._in_flight.pop(notification.pk, None)

    def _send(self, notification: Notification) -> None:
        try:
            answer = self._answer(notification)
            if answer is not None:
                self._record(notification, answer)
                metrics.count_notification(notification.channel, answer.outcome.value)
        finally:
            self._landed(notification)

    def _answer(self, notification: Notification) -> Answer | None:
        if notification.attempts > attempts_max(Channel(notification.channel)):
            return Answer(outcome=Outcome.FAILED, text=_ENDED)
        try:
            rendered = self._rendered(notification)
            if isinstance(rendered, Withdrawn):
                outbox.note_withdrawn(notification, rendered.reason)
                metrics.count_notification(notification.channel, "withdrawn")
                return None
            if not outbox.note_rendered(notification):
                return None
            return self._transports[Channel(notification.channel)](notification, rendered)
        except (DatabaseError, InterfaceError):
            raise
        except BotmeterError as problem:
            return Answer(outcome=Outcome.LATER, text=problem.message)
        except Exception as problem:  # noqa: BLE001 - reported with its trace; the other notifications must be sent
            return Answer(outcome=Outcome.LATER, text=report_bug("sending a notification", problem).sentence)

    def _rendered(self, notification: Notification) -> Rendered:
        return self._render(notification, RenderContext(ledgers=self._ledgers, now=self._clock()))

    def _record(self, notification: Notification, answer: Answer) -> None:
        # Until the database takes it: without the record, the notification would be sent again.
        while True:
            try:
                outbox.note_answer(notification, answer, now=self._clock())
            except (DatabaseError, InterfaceError):
                if self._end.wait(_RECORD_AGAIN_SECONDS):
                    raise
                connections.close_all()
            else:
                return

    def _folder_id(self) -> str:
        return self._data_folder or self._ledgers.folder.id
