"""Where the trace of a bug goes: a file in the data folder, under the number that people see."""

import os
import platform
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from botmeter.domain.instant import now_us, text_from_us


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTrace:
    """A trace that was written down.

    Attributes:
        reference: The number that people are told.
        text: All of it.
        file: Where it is; None where the disk took nothing.
    """

    reference: str
    text: str
    file: Path | None


def save_trace(problem: BaseException, *, what: str, folder: Path) -> SavedTrace:
    """Writes the trace of a bug down, for its owner alone.

    Args:
        what: What was being done: a command line, a request.
        folder: The data folder.
    """
    reference = os.urandom(4).hex()
    trace = "".join(traceback.format_exception(problem))
    text = f"{what}\nPython {sys.version}\n{platform.platform()}\n\n{trace}"
    file = folder / "logs" / f"{text_from_us(now_us())[:10]}-{reference}.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return SavedTrace(reference=reference, text=text, file=None)
    return SavedTrace(reference=reference, text=text, file=file)
