"""What the serving process holds from start to end: the data folder, the open ledgers, the intake, the socket."""

import atexit
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings

from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live import deliver as doors
from botmeter.live import ledgers, readiness
from botmeter.live.ingest import Intake
from botmeter.live.pulls import schedule
from botmeter.live.pulls.schedule import PullSchedule
from botmeter.live.wiring import intake_over
from botmeter.server.command_host import RunCommand, serve_commands

_PARENT_CHECKED_SECONDS = 1.0


def begun(run_command: RunCommand) -> Intake:
    """Owns the data folder until the process ends, and opens it to views, commands and live events.

    Raises:
        Unavailable: `ledger_in_use` while another process owns it.
    """
    held = ExitStack()
    folder = held.enter_context(Folder.owned(Path(settings.DATA), purpose="botmeter serve"))
    # Before anybody opens a file, which makes a log beside it.
    left_open = folder.left_open()
    opened = OpenLedgers(folder)
    held.callback(opened.close)
    held.callback(ledgers.use, None)
    ledgers.use(opened)
    intake = intake_over(opened)
    held.callback(intake.close)
    held.callback(doors.use, None)
    doors.use(intake)
    asking = PullSchedule()
    asking.begin()
    held.callback(asking.close)
    held.callback(schedule.use, None)
    schedule.use(asking)
    held.enter_context(serve_commands(SharedFolder(opened), run=run_command, served_at=settings.SERVED_AT))
    _close_before_executors(intake)
    atexit.register(_end, held)
    threading.Thread(target=_warm_up, args=(intake, left_open), name="warm-up", daemon=True).start()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), name="parent", daemon=True).start()
    return intake


def _close_before_executors(intake: Intake) -> None:
    """Closes the intake when the process ends, while its last run can still meter.

    Metering has threads of executors, and Python ends those before `atexit` is called. It has a list of what comes
    before, and goes through it from its end: the executors' own entry is older, since what meters was imported.
    """
    getattr(threading, "_register_atexit", atexit.register)(intake.close)


def _warm_up(intake: Intake, left_open: list[str]) -> None:
    """Loads what the first event, page and story would wait for, and meters what an ended server left unmetered."""
    from botmeter.metering.warm_up import load_kernel

    load_kernel()
    # A file that was closed has been metered; to open all of them would hold the memory of each for minutes.
    intake.meter_left_over(left_open)


def _end(held: ExitStack) -> None:
    """Closes everything, then ends at once: what daemon threads hold of DuckDB would be reported as leaked."""
    readiness.stopping()
    held.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    """Ends this process when the one that started it is gone, however that went."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_PARENT_CHECKED_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
