"""Exit codes and messages of failures.

0    done
1    failed: an error of Botmeter, or a bug (its trace goes to a file)
2    invalid arguments
3    differences found (`verify`), or events rejected (`import --strict`)
130  stopped with Ctrl-C
141  the reader of stdout closed it
"""

from pathlib import Path

from botmeter.domain.durable_files import disk_full_error
from botmeter.domain.errors import BotmeterError, Unavailable

DONE, FAILED, USAGE_ERROR, DIFFERENT, STOPPED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141

# Refusals of the arguments themselves, whatever the state of the data folder.
_USAGE_ERROR_CODES = frozenset(
    {
        "account_name_invalid",
        "arguments_clash",
        "bot_name_invalid",
        "column_repeated",
        "column_unknown",
        "columns_missing",
        "date_invalid",
        "name_needed",
        "nothing_to_set",
        "output_format_unknown",
        "period_reversed",
        "period_too_long",
        "reason_invalid",
        "remeter_needed",
        "scope_misplaced",
        "setting_invalid",
        "source_name_invalid",
        "source_option_invalid",
        "source_option_unknown",
        "source_setting_invalid",
        "title_invalid",
        "yes_needed",
    }
)


def exit_code_of(error: BotmeterError) -> int:
    """Exit code: 2 for invalid arguments, else 1."""
    return USAGE_ERROR if error.code in _USAGE_ERROR_CODES else FAILED


def unavailable(problem: BaseException) -> Unavailable | None:
    """Error of a full disk or an unavailable user database; None for other problems."""
    # Loaded only with Django's own error.
    if type(problem).__module__ != "django.db.utils":
        return disk_full_error(problem)
    from botmeter.people.database_failures import unavailable_error

    return unavailable_error(problem)


def bug_message(error: BaseException, *, arguments: list[str], folder: Path) -> str:
    """Write a bug's trace to a file; return a message with its reference."""
    from botmeter.ledger.traces import save_trace

    trace = save_trace(error, what=f"botmeter {arguments}", folder=folder)
    message = f"something went wrong inside Botmeter (reference {trace.reference})."
    if trace.file is None:
        return f"{message} The details could not be written to {folder}."
    return f"{message} The details are in {trace.file}."
