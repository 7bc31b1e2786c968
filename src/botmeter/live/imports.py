"""Imports, dry runs and undos, retries of quarantine, and checks of bills: one after another in a thread."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from botmeter.domain.errors import BotmeterError, Conflict, Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.interruption import Interruption
from botmeter.live.bugs import report_bug
from botmeter.metering.schema import EventBatch

WAITING_MAX: Final = 20
"""Behind the running one, which uses both cores of a small machine and up to 1 GB of memory."""
_FINISHED_MAX: Final = 200
"""Whose results are shown until the server stops."""
_INTERRUPT_EVERY_SECONDS: Final = 0.05

Kind = Literal["import", "dry run", "undo", "retry", "bill check"]
Phase = Literal["waiting", "reading", "metering", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Progress and result of a job.

    Attributes:
        key: Of the uploaded file, or of the import to undo.
        settings: As in the address of the file's page.
        problem: Sentence of a failed job.
    """

    key: str
    account: str
    file_name: str
    kind: Kind
    settings: str = ""
    total_bytes: int = 0
    phase: Phase = "waiting"
    began_us: int = field(default_factory=now_us)
    bytes_read: int = 0
    event_count: int = 0
    result: object = None
    problem: str = ""

    @property
    def is_over(self) -> bool:
        return self.phase in {"done", "failed", "stopped"}


class ImportJob:
    """A job, as its work sees it."""

    def __init__(self, state: JobState, *, work: "Work") -> None:
        self.state = state
        self.work = work
        self.interruption = Interruption()

    def begin_reading(self) -> None:
        """Count progress from the start of the file, which may be read twice."""
        self.state = replace(self.state, phase="reading", bytes_read=0, event_count=0)

    def followed(self, batches: Iterable[EventBatch]) -> Iterator[EventBatch]:
        """Pass batches on, and count them as progress."""
        for batch in batches:
            self.interruption.check()
            count = self.state.event_count + len(batch.events) + len(batch.rejections)
            self.state = replace(self.state, bytes_read=batch.bytes_read, event_count=count)
            yield batch
        self.state = replace(self.state, phase="metering")

    def note_read(self, bytes_read: int, *, count: int) -> None:
        """Note records that are no events as progress."""
        self.interruption.check()
        self.state = replace(self.state, bytes_read=bytes_read, event_count=count)

    def begin_metering(self) -> None:
        self.interruption.check()
        self.state = replace(self.state, phase="metering")

    def run(self) -> None:
        """Do the work; a failure is part of the state."""
        self.state = replace(self.state, phase="reading" if self.state.total_bytes else "metering")
        try:
            self.interruption.check()
            result = self.work(self)
        except KeyboardInterrupt:
            self._fail("")
        except BotmeterError as problem:
            self._fail(problem.message)
        except Exception as problem:  # noqa: BLE001 - a bug: reported with its trace; other jobs go on
            self._fail("" if self.interruption.is_set else report_bug("a file's import", problem).sentence)
        else:
            self.state = replace(self.state, phase="done", result=result)

    def _fail(self, problem: str) -> None:
        # DuckDB reports a statement that was interrupted as one that failed.
        phase: Phase = "stopped" if self.interruption.is_set else "failed"
        self.state = replace(self.state, phase=phase, problem=problem)


Work = Callable[[ImportJob], object]


class ImportJobs:
    """Jobs of a server: one runs, one of each account at most waits or runs.

    Attributes:
        begin: Calls a function in a thread.
    """

    def __init__(self) -> None:
        self.begin: Callable[[Callable[[], None]], None] = _in_thread
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, ImportJob] = OrderedDict()
        self._is_running = False
        self._ended = threading.Condition(self._lock)
        self._is_closed = False

    def start(self, state: JobState, work: Work) -> None:
        """Queue a job.

        Raises:
            Conflict: `import_running` of the same account.
            Unavailable: `imports_busy`, `server_stopping`.
        """
        with self._lock:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is stopping. Try again in a moment.")
            unfinished = [job.state for job in self._jobs.values() if not job.state.is_over]
            of_account = next((each for each in unfinished if each.account == state.account), None)
            if of_account is not None:
                raise Conflict(
                    "import_running",
                    f"The {of_account.kind} of {of_account.file_name} is still running; an account runs one at a time.",
                )
            if len(unfinished) > WAITING_MAX:
                raise Unavailable(
                    "imports_busy", f"{WAITING_MAX} files of other accounts are waiting, the maximum. Try again later."
                )
            self._jobs[state.key] = ImportJob(state, work=work)
            self._jobs.move_to_end(state.key)
            self._forget_old()
            is_first, self._is_running = not self._is_running, True
        if is_first:
            self.begin(self._run)

    def state(self, key: str) -> JobState | None:
        """Return the last job of a key; None without one since the server started."""
        with self._lock:
            job = self._jobs.get(key)
        return None if job is None else job.state

    def of_account(self, account: str) -> JobState | None:
        with self._lock:
            states = [job.state for job in self._jobs.values()]
        return next((each for each in states if each.account == account and not each.is_over), None)

    def stop(self, key: str) -> None:
        """Stop the job of a key; nothing of it is kept."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            job.interruption.set()

    def close(self) -> None:
        """Stop all jobs, and wait for the running one."""
        with self._lock:
            self._is_closed = True
            jobs = list(self._jobs.values())
        is_running = True
        while is_running:
            # DuckDB loses an interrupt between two statements, so it is repeated.
            for job in jobs:
                job.interruption.set()
            with self._ended:
                is_running = not self._ended.wait_for(lambda: not self._is_running, _INTERRUPT_EVERY_SECONDS)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            job.run()

    def _next(self) -> ImportJob | None:
        with self._lock:
            job = next((job for job in self._jobs.values() if not job.state.is_over), None)
            if job is None:
                self._is_running = False
                self._ended.notify_all()
            return job

    def _forget_old(self) -> None:
        over = [key for key, job in self._jobs.items() if job.state.is_over]
        for key in over[: max(0, len(over) - _FINISHED_MAX)]:
            del self._jobs[key]


def _in_thread(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="imports", daemon=True).start()
