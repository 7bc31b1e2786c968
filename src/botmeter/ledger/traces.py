"""Where the trace of a bug goes: a file in the data folder, under the number that people see."""

import os
import platform
import sys
import traceback
from pathlib import Path

from botmeter.domain.instant import now_us, text_from_us


def kept_trace(problem: BaseException, *, what: str, folder: Path) -> str:
    """Writes the trace down and gives its reference; to stderr where the disk takes nothing."""
    reference = os.urandom(4).hex()
    trace = "".join(traceback.format_exception(problem))
    record = f"{what}\nPython {sys.version}\n{platform.platform()}\n\n{trace}"
    try:
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        file = logs / f"{text_from_us(now_us())[:10]}-{reference}.txt"
        file.write_text(record, encoding="utf-8", errors="backslashreplace")
    except OSError:
        sys.stderr.write(f"{reference} {record}\n")
    return reference
