"""Public interface of the client."""

import atexit
import os
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

import msgspec

from botmeter.client.courier import Ports
from botmeter.client.event import Event, EventFields, MessageFields
from botmeter.client.notices import Notices
from botmeter.client.running import Running
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status
from botmeter.client.transport import Address, post_factory
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us

INVALID = "client_event_invalid"


class Meter:
    """Thread-safe client that sends events on its own thread; use one for each server and key.

    Methods never raise because of the network, the disk, the server or an invalid event, which is counted, logged and
    passed to `on_refused`. The client closes at exit, or earlier by `with`.

    A forked child starts without events. If it ends by `os._exit`, as in multiprocessing, it must call `close` or
    `flush` itself.
    """

    def __init__(
        self, url: str, key: str, *, settings: ClientSettings | None = None, ports: Ports | None = None
    ) -> None:
        """Start the client with events left on disk by an earlier process.

        Args:
            url: Without the path: `https://botmeter.example.com`.
            key: API key with the scope `events:write`.
            ports: For tests.

        Raises:
            Refused: `url_invalid`, `client_key_invalid`.
        """
        address = Address(url=url, key=key)
        self._settings = settings or ClientSettings()
        self._root = self._settings.spill_folder or _folder_at_home(address)
        self._ports = ports or Ports(
            opened=post_factory(address, self._settings),
            elapsed=time.monotonic,
            now_us=now_us,
            chance=_chance,
        )
        self._is_closed = False
        self._lock = threading.Lock()
        self._notices = Notices(self._settings, elapsed=self._ports.elapsed)
        self._running: Running | None = None
        self._started()
        _METERS.add(self)
        atexit.register(self.close)

    def message(self, **fields: Unpack[MessageFields]) -> str | None:
        """Send a message event; as `send`."""
        return self._said(fields)

    def event(self, **fields: Unpack[EventFields]) -> str | None:
        """Send an event of any kind; as `send`."""
        return self._said(fields)

    def send(self, event: Event) -> str | None:
        """Send an event; return its id, or None if refused or lost."""
        try:
            line = event.line()
        except (TypeError, ValueError, RecursionError) as problem:
            self._notices.refused([Refusal(event_id=event.event_id, code=INVALID, detail=f"{problem}.")])
            return None
        running = self._running or self._started()
        if running is not None and running.backlog.put(line):
            return event.event_id
        full = "Memory and the folder for waiting events are full; new events are dropped."
        self._notices.lost("The client is closed." if self._is_closed else full)
        return None

    def flush(self, within_seconds: float = 10.0) -> bool:
        """Wait for all earlier events; False if time ran out (they stay queued)."""
        running = self._running
        return True if running is None else running.flush(within_seconds)

    def close(self) -> None:
        """Send what is possible within `close_seconds`, write the rest to disk, and refuse new events."""
        with self._lock:
            self._is_closed = True
            running, self._running = self._running, None
        atexit.unregister(self.close)
        if running is not None:
            running.close(self._settings.close_seconds)

    def status(self) -> Status:
        running, status = self._running, self._notices.status
        if running is None:
            return status
        return replace(status, queued_count=running.backlog.queued_count, spilled_bytes=running.backlog.spilled_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _said(self, fields: MessageFields) -> str | None:
        values = dict(fields)
        for name in ("event_id", "occurred_at"):
            if values.get(name, "") is None:
                del values[name]
        try:
            event = Event(**values)  # type: ignore[arg-type] # the types stand at `message` and `event`
        except Refused as refused:
            self._refuse(values, refused)
            return None
        return self.send(event)

    def _refuse(self, values: dict[str, object], refused: Refused) -> None:
        event_id = values.get("event_id")
        known = event_id if isinstance(event_id, str) else None
        why = Refusal(event_id=known, code=refused.code, detail=refused.message)
        running = self._running
        file = running.courier.refused_file if running is not None else None
        if file is not None:
            try:
                file.append([msgspec.json.encode(values, enc_hook=repr)], why=why, now_us=self._ports.now_us())
            except (OSError, TypeError, ValueError, RecursionError) as problem:
                why = replace(why, detail=f"{why.detail} It can't be kept: {problem}.")
        self._notices.refused([why])

    def _started(self) -> Running | None:
        with self._lock:
            if self._running is None and not self._is_closed:
                self._running = Running(self._root, self._notices, settings=self._settings, ports=self._ports)
            return self._running

    def _begin_anew(self) -> None:
        running, self._running = self._running, None
        self._lock = threading.Lock()
        self._notices = Notices(self._settings, elapsed=self._ports.elapsed)
        if running is not None:
            running.abandon()


_METERS: weakref.WeakSet[Meter] = weakref.WeakSet()


def _begin_all_anew() -> None:
    for meter in list(_METERS):
        meter._begin_anew()  # noqa: SLF001 - the other half of the class


os.register_at_fork(after_in_child=_begin_all_anew)


def _chance() -> float:
    # From the system, so that forked children draw different numbers.
    return int.from_bytes(os.urandom(4)) / 2**32


def _folder_at_home(address: Address) -> Path | None:
    # Loads OpenSSL, which a bot that names its folder does not need.
    from hashlib import sha256

    # One folder for each server and key: events of one account are never sent with the key of another.
    name = sha256(f"{address.url}\0{address.key}".encode()).hexdigest()[:16]
    try:
        return Path.home() / ".botmeter" / "client" / name
    except RuntimeError:
        return None
