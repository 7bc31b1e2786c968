"""The program `botmeter`."""

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.main import get_command

from botmeter import __version__
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import command_context, variable
from botmeter.cli.data_dir import folder_in
from botmeter.cli.failures import (
    BROKEN_PIPE,
    DONE,
    FAILED,
    STOPPED,
    USAGE_ERROR,
    bug_message,
    exit_code_of,
    unavailable,
)
from botmeter.cli.output import say, show, stdout_abandoned
from botmeter.domain.durable_files import UMASK
from botmeter.domain.errors import BotmeterError, with_notes
from botmeter.domain.settings import without_threads_of_linear_algebra

PROGRAM = "botmeter"
_COMPLETION = "_BOTMETER_COMPLETE"

# Groups of which a process loads the module alone: the others take 0.1 s, a twentieth of a run of a lake.
_ALONE = {"lake": "lake"}
# It has closed its files by then, and Python's own end would search for garbage: 0.2 s, a tenth of a small run.
_ENDS_AT_ONCE = ["lake", "run"]
# In the order of the help text.
_MODULES = (
    "demo",
    "accounts",
    "bots",
    "cost_centres",
    "customers",
    "imports",
    "import_history",
    "report",
    "sessions",
    "inspection",
    "reconcile",
    "simulate",
    "statements",
    "corrections",
    "meter",
    "policies",
    "plan_outlook",
    "budgets",
    "mappings",
    "quarantine",
    "maintenance",
    "doctor",
    "serve",
    "lake",
    "keys",
    "sources",
    "users",
)


def __getattr__(name: str) -> Any:
    # `app`, with all commands.
    if name == "app":
        return _app(_MODULES)
    raise AttributeError(name)


@cache
def _app(modules: tuple[str, ...]) -> Commands:
    program = Commands(
        name=PROGRAM,
        epilog=examples(
            ("Try it with a demo account:", "botmeter demo"),
            ("Your own events:", "botmeter account create acme"),
            ("", "botmeter import events.ndjson --account acme"),
            ("", "botmeter report --account acme"),
        ),
    )
    for module in modules:
        program.add_typer(import_module(f"botmeter.cli.{module}").commands)
    program.callback(invoke_without_command=True)(botmeter)
    return program


def botmeter(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Meters chatbot sessions, explains every one of them, and reports what was consumed.

    Data goes to stdout, messages to stderr. Exit codes: 0 done, 1 failed, 2 invalid arguments, 3 differences found.
    """
    if version:
        show(f"{PROGRAM} {__version__}\n")
    elif context.invoked_subcommand is None:
        show(f"{context.get_help()}\n")


# Building one takes 15 ms, which a server would spend on each command.
_free_commands: list[Any] = []


class _WithoutPandas:
    """Guard against pandas, which PyArrow loads with its first array, in a second."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError(name)


def main() -> None:
    """Run the command and exit with its code."""
    # Before any file is written, by this process or a worker that it starts.
    os.umask(UMASK)
    without_threads_of_linear_algebra()
    sys.meta_path.insert(0, _WithoutPandas())
    alone = _ALONE.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if alone is not None:
        _free_commands.append(get_command(_app((alone,))))
    code = exit_code(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
        stdout_abandoned()
    if sys.argv[1:3] == _ENDS_AT_ONCE and threading.active_count() == 1:
        _end(code)
    sys.exit(code)


def _end(code: int) -> NoReturn:
    # What is registered, temporary folders among it, must still run.
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing ends its processes
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def exit_code(arguments: list[str]) -> int:
    """Run a command; report errors as sentences."""
    if variable(_COMPLETION):
        get_command(_app(_MODULES)).main(arguments, prog_name=PROGRAM)
    try:
        with _command() as command, command.make_context(PROGRAM, list(arguments), obj=tuple(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, Exception) as problem:  # noqa: BLE001 - whatever escapes ends here as a sentence
        return _reported(_cause(problem), arguments=arguments)
    return DONE


@contextmanager
def _command() -> Iterator[Any]:
    # One thread at a time: Typer keeps a command's values in the tree until the command runs.
    try:
        command = _free_commands.pop()
    except IndexError:
        command = get_command(_app(_MODULES))
    try:
        yield command
    finally:
        _free_commands.append(command)


def _cause(problem: BaseException) -> BaseException:
    stop = command_context().interruption
    if stop is None or stop.reason is None or isinstance(problem, BrokenPipeError | typer.TyperException):
        return problem
    return stop.reason


def _reported(problem: BaseException, *, arguments: list[str]) -> int:
    problem = unavailable(problem) or problem
    match problem:
        case KeyboardInterrupt() | typer.Abort():
            say("stopped; nothing was changed")
            return STOPPED
        case BrokenPipeError():
            stdout_abandoned()
            return BROKEN_PIPE
        case typer.TyperException():
            say(f"error: {_usage_message(problem)}")
            return USAGE_ERROR
        case BotmeterError():
            say(f"error: {with_notes(problem)}")
            return exit_code_of(problem)
    # Anything else is a bug: print a sentence, write the trace to a file.
    say(f"error: {bug_message(problem, arguments=arguments, folder=folder_in(arguments))}")
    return FAILED


def _usage_message(problem: typer.TyperException) -> str:
    # Validation of choices starts messages with its own name for them.
    message = problem.format_message().replace("Value error, ", "")
    context = getattr(problem, "ctx", None)
    return message if context is None else f"{message}\nSee `{context.command_path} --help`."
