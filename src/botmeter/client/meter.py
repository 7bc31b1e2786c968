"""Public interface of the client."""

import atexit
import os
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Self, Unpack

import msgspec

from botmeter.client.entitlement import WITHIN_SECONDS, Entitlement, EntitlementFields, EntitlementQuestions
from botmeter.client.event import Event, EventFields, MessageFields
from botmeter.client.notices import Notices
from botmeter.client.sender import Ports
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status
from botmeter.client.transport import Address, post_factory
from botmeter.client.worker import Worker
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
            url: Public URL of the server: `https://meter.example`, or `https://tools.example/meter`.
            key: API key with the scope `events:write`; for `entitlement`, with `entitlement:read`.

        Raises:
            Refused: `url_invalid`, `client_key_invalid`.
        """
        address = Address(url=url, key=key)
        self._settings = settings or ClientSettings()
        self._root = self._settings.spill_folder or _folder_at_home(address)
        self._ports = ports or Ports(
            connect=post_factory(address, self._settings),
            elapsed=time.monotonic,
            now_us=now_us,
            random=_random,
        )
        self._is_closed = False
        self._address = address
        self._questions = EntitlementQuestions(address, self._settings)
        self._lock = threading.Lock()
        self._notices = Notices(self._settings, elapsed=self._ports.elapsed)
        self._worker: Worker | None = None
        self._start()
        _METERS.add(self)
        atexit.register(self.close)

    def message(self, **fields: Unpack[MessageFields]) -> str | None:
        return self._send_fields(fields)

    def event(self, **fields: Unpack[EventFields]) -> str | None:
        return self._send_fields(fields)

    def send(self, event: Event) -> str | None:
        """Send an event; return its id, or None if refused or lost."""
        try:
            line = event.line()
        except (TypeError, ValueError, RecursionError) as problem:
            self._notices.refused([Refusal(event_id=event.event_id, code=INVALID, detail=f"{problem}.")])
            return None
        worker = self._worker or self._start()
        if worker is not None and worker.backlog.put(line):
            return event.event_id
        full = "Memory and the folder for waiting events are full; new events are dropped."
        self._notices.lost("The client is closed." if self._is_closed else full)
        return None

    def entitlement(
        self, *, account: str, within_seconds: float = WITHIN_SECONDS, **fields: Unpack[EntitlementFields]
    ) -> Entitlement:
        """Ask what the customer's next message would do; without an answer in time it is allowed."""
        answer = self._questions.ask(account, fields, within_seconds=within_seconds)
        if answer.problem is not None:
            self._notices.not_answered(answer.problem)
        return answer

    def flush(self, within_seconds: float = 10.0) -> bool:
        """Wait for all earlier events; False if time ran out (they stay queued)."""
        worker = self._worker
        return True if worker is None else worker.flush(within_seconds)

    def close(self) -> None:
        """Send what is possible within `close_seconds`, write the rest to disk, and refuse new events."""
        with self._lock:
            self._is_closed = True
            worker, self._worker = self._worker, None
        atexit.unregister(self.close)
        if worker is not None:
            worker.close(self._settings.close_seconds)

    def status(self) -> Status:
        worker, status = self._worker, self._notices.status
        if worker is None:
            return status
        return replace(status, queued_count=worker.backlog.queued_count, spilled_bytes=worker.backlog.spilled_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send_fields(self, fields: MessageFields) -> str | None:
        values = dict(fields)
        for name in ("event_id", "occurred_at"):
            if values.get(name, "") is None:
                del values[name]
        try:
            event = Event(**values)  # type: ignore[arg-type] # `message` and `event` declare the types
        except Refused as refused:
            self._refuse(values, refused)
            return None
        return self.send(event)

    def _refuse(self, values: dict[str, object], refused: Refused) -> None:
        event_id = values.get("event_id")
        reason = Refusal(
            event_id=event_id if isinstance(event_id, str) else None, code=refused.code, detail=refused.message
        )
        worker = self._worker
        file = worker.sender.refused_file if worker is not None else None
        if file is not None:
            try:
                line = msgspec.json.encode(values, enc_hook=repr)
                file.append([line], reason=reason, now_us=self._ports.now_us())
            except (OSError, TypeError, ValueError, RecursionError) as problem:
                reason = replace(reason, detail=f"{reason.detail} It can't be stored: {problem}.")
        self._notices.refused([reason])

    def _start(self) -> Worker | None:
        with self._lock:
            if self._worker is None and not self._is_closed:
                self._worker = Worker(self._root, self._notices, settings=self._settings, ports=self._ports)
                self._worker.start()
            return self._worker

    def _restart(self) -> None:
        worker, self._worker = self._worker, None
        self._lock = threading.Lock()
        self._notices = Notices(self._settings, elapsed=self._ports.elapsed)
        self._questions = EntitlementQuestions(self._address, self._settings)
        if worker is not None:
            worker.release()


_METERS: weakref.WeakSet[Meter] = weakref.WeakSet()


def _restart_all() -> None:
    for meter in list(_METERS):
        meter._restart()  # noqa: SLF001 - the other half of the class


os.register_at_fork(after_in_child=_restart_all)


def _random() -> float:
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
