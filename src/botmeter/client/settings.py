"""Settings of the client."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botmeter.client.status import Refusal, Trouble
from botmeter.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Limits, folder and callbacks; the defaults suit most bots.

    Attributes:
        spill_folder: Local, lasting, of one account; None: in the home folder, by server and key.
        spill_bytes_max: For one process; beyond it new events are refused.
        batch_bytes_max: Before compression.
        linger_seconds: Longest wait to fill a request.
        queue_events_max: In memory; more go to disk.
        close_seconds: Time limit of `close`, and so of exit.
        ca_file: PEM; None: the system's.
        on_refused: Called on the sending thread.
        on_trouble: Called at most once a minute per kind.
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
            self._check(name, is_valid=getattr(self, name) >= 1, limit="at least 1")
        for name in _POSITIVE:
            self._check(name, is_valid=getattr(self, name) > 0, limit="more than 0")
        for name in _NOT_NEGATIVE:
            self._check(name, is_valid=getattr(self, name) >= 0, limit="at least 0")

    def _check(self, name: str, *, is_valid: bool, limit: str) -> None:
        if not is_valid:
            raise Refused("client_settings_invalid", f"{name} is {getattr(self, name)}; it must be {limit}.")


_AT_LEAST_ONE = ("spill_bytes_max", "batch_events_max", "batch_bytes_max", "queue_events_max", "queue_bytes_max")
_POSITIVE = ("connect_seconds", "answer_seconds")
_NOT_NEGATIVE = ("linger_seconds", "close_seconds")
