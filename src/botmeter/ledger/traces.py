"""Traces of bugs as files."""

import os
import platform
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from botmeter.domain.durable_files import FILE_MODE, private_folder
from botmeter.domain.instant import now_us, text_from_us


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTrace:
    """A trace under its reference number; `file` is None if it could not be written."""

    reference: str
    text: str
    file: Path | None


def save_trace(problem: BaseException, *, what: str, folder: Path) -> SavedTrace:
    """Save a trace, readable by the owner alone; `what` is the command line or request."""
    reference = os.urandom(4).hex()
    trace = "".join(traceback.format_exception(problem))
    text = f"{what}\nPython {sys.version}\n{platform.platform()}\n\n{trace}"
    file = folder / "logs" / f"{text_from_us(now_us())[:10]}-{reference}.txt"
    try:
        private_folder(file.parent)
        file.touch(mode=FILE_MODE)
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return SavedTrace(reference=reference, text=text, file=None)
    return SavedTrace(reference=reference, text=text, file=file)
