"""What a failure becomes on the command line: one sentence on stderr and an exit code.

0    done
1    failed: an error of Botmeter, or a bug (its trace goes to a file, never to the terminal)
2    wrong use: no state of the world would make these arguments right
3    differences found (`verify`)
130  stopped with Ctrl-C
141  whoever read the output went away
"""

from pathlib import Path

from botmeter.domain.errors import BotmeterError

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
        "source_option_invalid",
        "source_option_unknown",
        "source_setting_invalid",
        "title_invalid",
        "yes_needed",
    }
)


def exit_code_of(error: BotmeterError) -> int:
    """1, or 2 if the error is one of the arguments themselves."""
    return WRONG_USE if error.code in _WRONG_USE_CODES else FAILED


def sentence_of_bug(error: BaseException, *, arguments: list[str], folder: Path) -> str:
    """A plain sentence with a reference number; the trace is written to a file under that number."""
    from botmeter.ledger.traces import kept_trace

    kept = kept_trace(error, what=f"botmeter {arguments}", folder=folder)
    told = f"something went wrong inside Botmeter (reference {kept.reference})."
    if kept.file is None:
        return f"{told} Its details could not be written under {folder}."
    return f"{told} The details are in {kept.file}."
