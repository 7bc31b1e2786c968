"""What a bot's author may set about the client; every default is meant to be left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botmeter.client.status import Refusal, Trouble
from botmeter.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """How events are gathered, kept and sent.

    Attributes:
        spill_folder: Where events wait on disk, on a local disk that outlives the process; None: a folder under the
            home folder, one for each server and key. One folder belongs to one account.
        spill_bytes_max: What one process may keep there; beyond it new events are refused.
        batch_events_max: The most events in one request.
        batch_bytes_max: The most bytes in one request, before compression.
        linger_seconds: How long an event may wait for others to share its request.
        queue_events_max: How many events wait in memory; when they are more, all go to disk.
        queue_bytes_max: The same in bytes.
        connect_seconds: How long to wait for a connection.
        answer_seconds: How long to wait for the server's answer.
        close_seconds: How long `close`, and so the end of the program, waits for the last events to be sent.
        ca_file: Certificates that vouch for the server, in PEM; None: those that the system trusts.
        on_refused: Called with what was refused for good, on the thread that found out.
        on_trouble: Called with what keeps events from being sent or kept, at most once a minute for each kind.
    """

    spill_folder: Path | None = None
    spill_bytes_max: int = 1 << 30
    batch_events_max: int = 1_000
    batch_bytes_max: int = 1_000_000
    linger_seconds: float = 1.0
    queue_events_max: int = 10_000
    queue_bytes_max: int = 16_000_000
    connect_seconds: float = 5.0
    answer_seconds: float = 30.0
    close_seconds: float = 5.0
    ca_file: Path | None = None
    on_refused: Callable[[Refusal], None] | None = None
    on_trouble: Callable[[Trouble], None] | None = None

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise Refused("client_settings_invalid", f"{name} is {getattr(self, name)}; it is 1 or more.")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise Refused("client_settings_invalid", f"{name} is {getattr(self, name)}; it is more than 0.")
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:
                raise Refused("client_settings_invalid", f"{name} is {getattr(self, name)}; it is 0 or more.")


_AT_LEAST_ONE = ("spill_bytes_max", "batch_events_max", "batch_bytes_max", "queue_events_max", "queue_bytes_max")
_POSITIVE = ("connect_seconds", "answer_seconds")
_NOT_NEGATIVE = ("linger_seconds", "close_seconds")
