"""Traces of bugs as files."""

import os
import platform
import re
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from botmeter.domain.durable_files import FILE_MODE, private_folder
from botmeter.domain.instant import now_us, text_from_us
from botmeter.ledger.erased_ids import ErasedIds

# A shorter one, such as a ticket's `7`, is in nearly every trace.
_LONG_ID: Final = 8
_BETWEEN_IDS: Final = re.compile(r"[\s/?&=,;()\[\]{}<>'\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTrace:
    """Trace under its reference number; `file` is None if it could not be written."""

    reference: str
    text: str
    file: Path | None


def remove_traces_of(ids: ErasedIds, *, folder: Path) -> None:
    """Remove traces that name an erased customer or a long other id."""
    customer = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids.customers))})(?!\w)")
    others = {other for other in ids.others if len(other) >= _LONG_ID}
    for file in (folder / "logs").glob("*.txt"):
        with suppress(OSError):
            text = file.read_text(encoding="utf-8", errors="replace")
            if customer.search(text) or not others.isdisjoint(_BETWEEN_IDS.split(text)):
                file.unlink()


def save_trace(problem: BaseException, *, what: str, folder: Path) -> SavedTrace:
    """Save a trace; `what` is the command line or request."""
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
