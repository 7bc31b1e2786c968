"""File of refused events, to be corrected and sent again."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from botmeter.client.spill import event_id_of, sync_files, write_all
from botmeter.client.status import Refusal
from botmeter.domain.instant import text_from_us

FILE_NAME = "refused.ndjson"


class RefusedFile:
    """File of all processes of a spill folder."""

    def __init__(self, path: Path, *, bytes_max: int) -> None:
        self.path = path
        self._bytes_max = bytes_max

    def append(self, lines: Iterable[bytes], *, reason: Refusal, now_us: int) -> None:
        """Append each line with the reason, as `event` or invalid `text`; raises `OSError`."""
        data = b"".join(_entry(line, reason=reason, now_us=now_us) for line in lines)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.fstat(descriptor).st_size + len(data) > self._bytes_max:
                raise OSError(f"{self.path} would have more than {self._bytes_max:,} bytes")
            write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def sync(self) -> None:
        sync_files({self.path})


def _entry(line: bytes, *, reason: Refusal, now_us: int) -> bytes:
    entry: dict[str, object] = {"refused_at": text_from_us(now_us), "code": reason.code, "detail": reason.detail}
    if event_id_of(line) is None:
        entry["text"] = line.decode(errors="backslashreplace")
    else:
        entry["event"] = msgspec.Raw(line)
    return msgspec.json.encode(entry) + b"\n"
