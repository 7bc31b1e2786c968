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
from botmeter.live.ingest import Ingestion
from botmeter.live.server_state import ServerState, new_server_state
from botmeter.server.command_host import RunCommand, serve_commands

_PARENT_CHECKED_SECONDS = 1.0


def begun(run_command: RunCommand) -> ServerState:
    """Own the data folder until the process ends, and open it to views, commands and live events.

    Raises:
        Unavailable: `ledger_in_use` while another process owns it.
    """
    resources = ExitStack()
    folder = resources.enter_context(Folder.owned(Path(settings.DATA), purpose="botmeter serve"))
    # Before any file is opened, which creates a log beside it.
    unclosed = folder.unclosed_accounts()
    ledgers = OpenLedgers(folder)
    state = new_server_state(ledgers)
    resources.callback(state.close)
    state.pulls.begin()
    shared = SharedFolder(ledgers)
    resources.enter_context(serve_commands(shared, run=run_command, served_at=settings.SERVED_AT))
    _close_before_executors(state.ingestion)
    atexit.register(_end, resources, state)
    threading.Thread(target=_warm_up, args=(state.ingestion, unclosed), name="warm-up", daemon=True).start()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), name="parent", daemon=True).start()
    return state


def _close_before_executors(ingestion: Ingestion) -> None:
    """Closes the ingestion when the process ends, while its last run can still meter.

    Metering has threads of executors, and Python ends those before `atexit` is called. It has a list of what comes
    before, and goes through it from its end: the executors' own entry is older, since what meters was imported.
    """
    getattr(threading, "_register_atexit", atexit.register)(ingestion.close)


def _warm_up(ingestion: Ingestion, unclosed: list[str]) -> None:
    """Loads what the first event, page and story would wait for, and meters what an ended server left unmetered."""
    from botmeter.metering.warm_up import load_kernel

    load_kernel()
    # A file that was closed has been metered; to open all of them would hold the memory of each for minutes.
    ingestion.settle_left_over(unclosed)


def _end(resources: ExitStack, state: ServerState) -> None:
    """Closes everything, then ends at once: what daemon threads hold of DuckDB would be reported as leaked."""
    state.stopping.set()
    resources.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    """Ends this process when the one that started it is gone, however that went."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_PARENT_CHECKED_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
