"""Resources of the server process."""

import atexit
import gc
import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection, connections

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.unfinished_erasures import finish_erasures
from botmeter.live.lake_watch import begin_with_lakes
from botmeter.live.server_state import ServerState, new_server_state
from botmeter.people.erasure import forget_customer
from botmeter.people.keys import Scope, accounts_with
from botmeter.people.titles import note_missing_titles
from botmeter.server.command_host import RunCommand, serve_commands
from botmeter.web.notifications.rendering import render

_log: Final = logging.getLogger(__name__)

_PARENT_CHECKED_SECONDS: Final = 1.0
_OWNER_REPORTED_SECONDS: Final = 30.0
# Rewriting a large ledger takes seconds, and is in vain while the disk is full.
_ERASURES_EVERY_SECONDS: Final = 600.0
_UPLOADS_CHECKED_SECONDS: Final = 1_800.0


def open_server(run_command: RunCommand) -> ServerState:
    """Own the data folder until the process ends, and serve it."""
    # Kept open: the first reader of a closed SQLite database writes, which a full disk prevents.
    connection.ensure_connection()
    # Before the rest, as the folder may have to be waited for.
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), name="parent", daemon=True).start()
    resources = ExitStack()
    folder = _owned_folder(resources)
    # Before any file is opened, which creates a log beside it.
    unclosed = folder.unclosed_accounts()
    ledgers = OpenLedgers(folder)
    state = new_server_state(ledgers, render=render)
    resources.callback(state.close)
    # Before the first request.
    state.uploads.remove_drafts()
    state.pulls.begin()
    state.checks.begin()
    state.closings.begin()
    begin_with_lakes(state.lakes, ledgers)
    state.notifications.begin()
    state.alerts.begin()
    state.schedules.begin()
    shared = SharedFolder(ledgers)
    resources.enter_context(
        serve_commands(shared, run=run_command, served_at=settings.SERVED_AT, pulls=state.pulls.running)
    )
    # While ingestion's last run can still meter: Python ends executors before `atexit`. Callbacks run last in, first
    # out; the executors' own is older, since metering is imported first.
    getattr(threading, "_register_atexit", atexit.register)(state.ingestion.close)
    atexit.register(_end, resources, state)
    threading.Thread(target=_finish_erasures, args=(shared, state.stopping), name="erasures", daemon=True).start()
    threading.Thread(target=_remove_abandoned_uploads, args=(state,), name="uploads", daemon=True).start()
    threading.Thread(target=_warm_up, args=(state, unclosed), name="warm-up", daemon=True).start()
    return state


def _owned_folder(resources: ExitStack) -> Folder:
    # Wait, however long: two workers that end at once would end the server.
    while True:
        owned = Folder.owned(
            Path(settings.DATA), purpose="botmeter serve", wait_seconds=_OWNER_REPORTED_SECONDS, for_server=True
        )
        try:
            return resources.enter_context(owned)
        except Unavailable as problem:
            _log.warning("waiting for the data folder: %s", problem.message)


def _warm_up(state: ServerState, unclosed: list[str]) -> None:
    from botmeter.metering import meter, scope_states
    from botmeter.sources.json_text import plain_lines

    meter.load_kernel()
    # Files that were closed have been metered; opening all of them would use memory for minutes.
    state.ingestion.settle_left_over(unclosed)
    scope_states.load_kernel()
    plain_lines.load()
    try:
        # Before bots ask, which wait 50 ms.
        for account in accounts_with(Scope.ENTITLEMENT_READ):
            state.entitlements.prepared(account)
        note_missing_titles(state.ledgers)
    except (BotmeterError, DatabaseError) as problem:
        _log.warning("titles not noted, or entitlements not read: %s", problem)
    finally:
        connections.close_all()
    # Else each full search for garbage goes through all that was loaded, and stops all threads for 0.1 to 0.3 s.
    gc.collect()
    gc.freeze()


def _finish_erasures(folder: SharedFolder, stopping: threading.Event) -> None:
    while not stopping.is_set():
        for name in accounts_with_unfinished_erasures(folder.path):
            try:
                finish_erasures(folder, name, forget=forget_customer)
            except BotmeterError as problem:
                _log.warning("erasure unfinished: %s", problem.message)
            finally:
                connections.close_all()
        stopping.wait(_ERASURES_EVERY_SECONDS)


def _remove_abandoned_uploads(state: ServerState) -> None:
    while True:
        try:
            state.uploads.remove_abandoned()
        except OSError as problem:
            _log.warning("abandoned uploads not removed: %s", problem.strerror)
        if state.stopping.wait(_UPLOADS_CHECKED_SECONDS):
            return


def _end(resources: ExitStack, state: ServerState) -> None:
    # Exit at once: Python would report DuckDB objects as leaks.
    state.stopping.set()
    resources.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_PARENT_CHECKED_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
