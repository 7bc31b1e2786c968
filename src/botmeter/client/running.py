"""The running client of one process."""

import logging
import threading
from contextlib import suppress
from pathlib import Path

from botmeter.client import slots
from botmeter.client.backlog import NEVER, Backlog
from botmeter.client.courier import Courier, Ports
from botmeter.client.notices import Notices
from botmeter.client.refused import FILE_NAME, RefusedFile
from botmeter.client.settings import ClientSettings
from botmeter.client.spill import Spill
from botmeter.client.status import Trouble, TroubleKind

LOG = logging.getLogger("botmeter.client")
# After a bug: events stay stored, and the log is not filled.
BUG_SECONDS = 60.0


class Running:
    """State of one process."""

    def __init__(self, root: Path | None, notices: Notices, *, settings: ClientSettings, ports: Ports) -> None:
        self.backlog, self.courier, self._slot = _made(root, notices, settings=settings, ports=ports)
        self._notices = notices
        self._ports = ports
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="botmeter-client", daemon=True)
        # No thread can start at interpreter exit; `close` then stores everything on disk.
        with suppress(RuntimeError):
            self._thread.start()

    def flush(self, within_seconds: float) -> bool:
        """Wait for all events; False if time ran out."""
        last = self.backlog.want_all()
        with self.backlog.changed:
            return self.backlog.changed.wait_for(lambda: self.backlog.has_settled(last), within_seconds)

    def close(self, within_seconds: float) -> None:
        """Send what is possible; write the rest to disk."""
        self.courier.ends_at = self._ports.elapsed() + within_seconds
        self._is_closing = True
        self.backlog.want_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(within_seconds)
        try:
            lost_count = self.backlog.keep_all()
        except OSError as problem:
            lost_count = self.backlog.queued_count
            self._notices.trouble(Trouble(kind=TroubleKind.DISK, detail=f"Events can't be stored on disk: {problem}."))
        if lost_count:
            self._notices.lost("The client closed, and there was no room on disk.", count=lost_count)
        self.abandon()

    def abandon(self) -> None:
        """Release the parent's folder in a forked child."""
        if self._slot is not None:
            self._slot.release()

    def _run(self) -> None:
        again_at = 0.0
        while not self._is_over(again_at):
            changes = self.backlog.changes
            try:
                again_at = self.courier.step()
            except Exception:
                LOG.exception("The client met a bug; it goes on in a minute.")
                self.courier.retry_at = again_at = self._ports.elapsed() + BUG_SECONDS
            self._pause(again_at, changes=changes)

    def _pause(self, again_at: float, *, changes: int) -> None:
        with self.backlog.changed:
            seconds = again_at - self._ports.elapsed()
            if seconds > 0 and changes == self.backlog.changes and not self._is_over(again_at):
                self.backlog.changed.wait(None if again_at == NEVER else seconds)

    def _is_over(self, again_at: float) -> bool:
        now = self._ports.elapsed()
        is_idle = again_at == NEVER and self.backlog.due_at() == NEVER
        return self._is_closing and (is_idle or self.courier.retry_at > now or now >= self.courier.ends_at)


def _made(
    root: Path | None, notices: Notices, *, settings: ClientSettings, ports: Ports
) -> tuple[Backlog, Courier, slots.Slot | None]:
    slot = _slot(root, notices)
    spill = Spill(slot.folder if slot else None, bytes_max=settings.spill_bytes_max)
    backlog = Backlog(spill, settings, elapsed=ports.elapsed)
    courier = Courier(backlog, notices, settings=settings, ports=ports)
    if slot is not None:
        courier.refused_file = RefusedFile(slot.folder.parent / FILE_NAME, bytes_max=settings.spill_bytes_max)
    return backlog, courier, slot


def _slot(root: Path | None, notices: Notices) -> slots.Slot | None:
    why = "there is no home folder"
    if root is not None:
        try:
            return slots.claim_slot(root)
        except OSError as problem:
            why = str(problem)
    detail = f"Events can wait in memory only, since the folder for them can't be used: {why}."
    notices.trouble(Trouble(kind=TroubleKind.DISK, detail=detail))
    return None
