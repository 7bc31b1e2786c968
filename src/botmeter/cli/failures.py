"""What a failure becomes on the command line: one sentence on stderr and an exit code.

0    done
1    failed: an error of Botmeter, or a bug (its trace goes to a file, never to the terminal)
2    wrong use: no state of the world would make these arguments right
3    differences found (`verify`)
130  stopped with Ctrl-C
141  whoever read the output went away
"""

import os
import platform
import sys
import traceback
from pathlib import Path

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import now_us, text_from_us

DONE, FAILED, WRONG_USE, DIFFERENT, STOPPED, UNREAD = 0, 1, 2, 3, 130, 141

# Refusals of the arguments themselves; every other refusal depends on what is there.
_WRONG_USE_CODES = frozenset(
    {
        "account_name_invalid",
        "arguments_clash",
        "bot_name_invalid",
        "column_repeated",
        "column_unknown",
        "columns_missing",
        "date_invalid",
        "nothing_to_set",
        "output_format_unknown",
        "period_reversed",
        "period_too_long",
        "remeter_needed",
        "source_name_invalid",
        "title_invalid",
        "yes_needed",
    }
)


def exit_code_of(error: BotmeterError) -> int:
    """1, or 2 if the error is one of the arguments themselves."""
    return WRONG_USE if error.code in _WRONG_USE_CODES else FAILED


def sentence_of_bug(error: BaseException, *, arguments: list[str], folder: Path) -> str:
    """A plain sentence with a reference number; the trace is written to a file under that number."""
    reference = os.urandom(4).hex()
    told = f"something went wrong inside Botmeter (reference {reference})."
    try:
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        file = logs / f"{text_from_us(now_us())[:10]}-{reference}.txt"
        file.write_text(_record_of(error, arguments), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return f"{told} Its details could not be written under {folder}."
    return f"{told} The details are in {file}."


def _record_of(error: BaseException, arguments: list[str]) -> str:
    trace = "".join(traceback.format_exception(error))
    return f"botmeter {arguments}\nPython {sys.version}\n{platform.platform()}\n\n{trace}"
