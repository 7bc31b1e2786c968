"""Thread that puts the slots of schedules into the outbox when they are due."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.db import DatabaseError, InterfaceError, connections

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import datetime_from_us, present
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statements
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.bugs import report_bug
from botmeter.people.notifications.editions import Edition, cycle_edition, report_edition, statement_edition
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.schedules import Subject, sending_schedules, timing_of, use_slot
from botmeter.people.notifications.slots import Cadence

CHECK_SECONDS: Final = 20.0
"""Interval between checks: a schedule names an hour, so that nobody notices 20 seconds."""


class ScheduleWatch:
    """Thread that checks the schedules of a data folder."""

    def __init__(
        self, ledgers: OpenLedgers, *, check_seconds: float = CHECK_SECONDS, clock: Callable[[], datetime] = present
    ) -> None:
        self._ledgers = ledgers
        self._check_seconds = check_seconds
        self._clock = clock
        # Per account: change of the file and version when they were read, and its statements.
        self._statements: dict[str, tuple[int, Hashable, list[ClosedStatement]]] = {}
        # Per schedule, its newest slot that is done with.
        self._done: dict[int, str] = {}
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def check_all(self) -> None:
        """Use the slots that are due; one schedule's problem does not hold up the others."""
        for schedule in sending_schedules(self._ledgers.folder.id):
            try:
                for edition in self._due_editions(schedule):
                    use_slot(schedule, edition)
            except BotmeterError:
                # A ledger that is busy or removed waits for the next check.
                continue
            except (DatabaseError, InterfaceError):
                raise
            except Exception as problem:  # noqa: BLE001 - reported with its trace; the next check may succeed
                report_bug("sending a scheduled report", problem)
            if self._end.is_set():
                return

    def _run(self) -> None:
        while not self._end.is_set():
            # The database, which requests report.
            with suppress(DatabaseError, InterfaceError):
                self.check_all()
            connections.close_all()
            self._end.wait(self._check_seconds)

    def _due_editions(self, schedule: Schedule) -> Iterator[Edition]:
        timing, now = timing_of(schedule), self._clock()
        if timing.cadence is Cadence.CYCLE_CLOSE:
            # Each statement that was closed since the schedule began, the first one first.
            for each in self._statements_of(schedule.account):
                edition = cycle_edition(each, timing=timing)
                if datetime_from_us(each.closed_at) >= schedule.begins_at and edition.due_at <= now:
                    yield edition
            return
        slot = timing.newest_slot(at=now)
        if slot.due_at < schedule.begins_at or self._done.get(schedule.pk) == slot.key:
            return
        if schedule.subject == Subject.STATEMENT:
            for each in self._statements_of(schedule.account)[-1:]:
                yield statement_edition(each, timing=timing, slot=slot, is_once=schedule.skips_empty)
        else:
            yield report_edition(slot, timing=timing)
        self._done[schedule.pk] = slot.key

    def _statements_of(self, name: str) -> list[ClosedStatement]:
        changed_ns, version, known = self._statements.get(name, (-1, None, []))
        file, account = self._ledgers.folder.existing_file(name), self._ledgers.account(name)
        now_ns, was_open = file.stat().st_mtime_ns, account.is_open
        # The file of an open ledger may be older than its commits.
        if not was_open and changed_ns == now_ns:
            return known
        try:
            with self._ledgers.reading(name) as ledger:
                if version != ledger.version:
                    known, version = closed_statements(ledger), ledger.version
        finally:
            if not was_open:
                account.close_if_idle(0)
        self._statements[name] = (file.stat().st_mtime_ns, version, known)
        return known
