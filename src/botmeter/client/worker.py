"""Thread and files of the client in one process."""

import logging
import threading
from contextlib import suppress
from pathlib import Path

from botmeter.client import slots
from botmeter.client.backlog import NEVER, Backlog
from botmeter.client.notices import Notices
from botmeter.client.refused import FILE_NAME, RefusedFile
from botmeter.client.sender import Ports, Sender
from botmeter.client.settings import ClientSettings
from botmeter.client.spill import Spill
from botmeter.client.status import TroubleKind

LOG = logging.getLogger("botmeter.client")
# After a bug: events stay stored, and the log is not filled.
BUG_SECONDS = 60.0


class Worker:
    """Backlog, sender and slot; `start` begins to send."""

    def __init__(self, root: Path | None, notices: Notices, *, settings: ClientSettings, ports: Ports) -> None:
        self.slot = _slot(root, notices)
        bytes_max = settings.spill_bytes_max
        spill = Spill(self.slot.folder if self.slot else None, bytes_max=bytes_max)
        refused_file = RefusedFile(self.slot.folder.parent / FILE_NAME, bytes_max=bytes_max) if self.slot else None
        self.backlog = Backlog(spill, settings, elapsed=ports.elapsed)
        self.sender = Sender(self.backlog, notices, settings=settings, ports=ports, refused_file=refused_file)
        self._notices = notices
        self._ports = ports
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="botmeter-client", daemon=True)

    def start(self) -> None:
        # No thread can start at interpreter exit; `close` then stores everything on disk.
        with suppress(RuntimeError):
            self._thread.start()

    def flush(self, within_seconds: float) -> bool:
        return self.backlog.wait_until_settled(self.backlog.send_all_now(), within_seconds=within_seconds)

    def close(self, within_seconds: float) -> None:
        self.sender.ends_at = self._ports.elapsed() + within_seconds
        self._is_closing = True
        self.backlog.send_all_now()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(within_seconds)
        try:
            lost_count = self.backlog.store_all()
        except OSError as problem:
            lost_count = self.backlog.queued_count
            self._notices.trouble(TroubleKind.DISK, f"Events can't be stored on disk: {problem}.")
        if lost_count:
            self._notices.lost("The client closed, and there was no room on disk.", count=lost_count)
        self.release()

    def release(self) -> None:
        """Release the folder; a forked child releases its parent's."""
        if self.slot is not None:
            self.slot.release()

    def _run(self) -> None:
        again_at = 0.0
        while not self._is_done(again_at):
            changes = self.backlog.changes
            try:
                again_at = self.sender.step()
            except Exception:
                LOG.exception("Internal error of the client; it continues in a minute.")
                self.sender.retry_at = again_at = self._ports.elapsed() + BUG_SECONDS
            self._pause(again_at, changes=changes)

    def _pause(self, again_at: float, *, changes: int) -> None:
        with self.backlog.changed:
            seconds = again_at - self._ports.elapsed()
            if seconds > 0 and changes == self.backlog.changes and not self._is_done(again_at):
                self.backlog.changed.wait(None if again_at == NEVER else seconds)

    def _is_done(self, again_at: float) -> bool:
        now = self._ports.elapsed()
        is_idle = again_at == NEVER and self.backlog.due_at() == NEVER
        return self._is_closing and (is_idle or self.sender.retry_at > now or now >= self.sender.ends_at)


def _slot(root: Path | None, notices: Notices) -> slots.Slot | None:
    reason = "there is no home folder"
    if root is not None:
        try:
            return slots.claim_slot(root)
        except OSError as problem:
            reason = str(problem)
    notices.trouble(
        TroubleKind.DISK, f"Events can wait in memory only, since the folder for them can't be used: {reason}."
    )
    return None
