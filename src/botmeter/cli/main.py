"""The program `botmeter`: its commands, and the handling of all errors."""

import sys
from typing import Annotated

import typer
from typer.main import get_command

from botmeter import __version__
from botmeter.cli import accounts, bots, customers, inspection, keys, quarantine, sessions, sources, users
from botmeter.cli import demo as demonstration
from botmeter.cli import imports as importing
from botmeter.cli import maintenance as safekeeping
from botmeter.cli import meter as metering
from botmeter.cli import policies as billing_rules
from botmeter.cli import report as reporting
from botmeter.cli import serve as serving
from botmeter.cli import simulate as simulation
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import command_context, variable
from botmeter.cli.data_dir import folder_in
from botmeter.cli.failures import DONE, FAILED, STOPPED, UNREAD, WRONG_USE, exit_code_of, sentence_of_bug
from botmeter.cli.output import say, show, stdout_abandoned
from botmeter.domain.errors import BotmeterError

PROGRAM = "botmeter"
_COMPLETION = "_BOTMETER_COMPLETE"

app = Commands(
    name=PROGRAM,
    epilog=examples(
        ("A filled account to look at:", "botmeter demo"),
        ("Your own events:", "botmeter account create acme"),
        ("", "botmeter import events.ndjson --account acme"),
        ("", "botmeter report --account acme"),
    ),
)
for part in (
    demonstration,
    accounts,
    bots,
    customers,
    importing,
    reporting,
    sessions,
    inspection,
    simulation,
    metering,
    billing_rules,
    quarantine,
    safekeeping,
    serving,
    keys,
    sources,
    users,
):
    app.add_typer(part.commands)


@app.callback(invoke_without_command=True)
def botmeter(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Meters chatbot sessions, explains every one of them, and reports what was consumed.

    Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong use, 3 differences found.
    """
    if version:
        show(f"{PROGRAM} {__version__}\n")
    elif context.invoked_subcommand is None:
        show(f"{context.get_help()}\n")


class _WithoutPandas:
    """Import guard against pandas, which PyArrow loads with its first array, in a second; we don't use it."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError(name)


def main() -> None:
    """Run the command and exit with its code."""
    sys.meta_path.insert(0, _WithoutPandas())
    code = exit_code(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = UNREAD
        stdout_abandoned()
    sys.exit(code)


def exit_code(arguments: list[str]) -> int:
    """Run a command; report errors as sentences."""
    if variable(_COMPLETION):
        get_command(app).main(arguments, prog_name=PROGRAM)
    try:
        command = get_command(app)
        with command.make_context(PROGRAM, list(arguments), obj=tuple(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, Exception) as problem:  # noqa: BLE001 - whatever escapes ends here as a sentence
        return _told(_cause(problem), arguments=arguments)
    return DONE


def _cause(problem: BaseException) -> BaseException:
    """Return the interruption that ended the command, else the problem."""
    stop = command_context().interruption
    if stop is None or stop.reason is None or isinstance(problem, BrokenPipeError | typer.TyperException):
        return problem
    return stop.reason


def _told(problem: BaseException, *, arguments: list[str]) -> int:
    match problem:
        case KeyboardInterrupt() | typer.Abort():
            say("stopped; nothing was changed")
            return STOPPED
        case BrokenPipeError():
            stdout_abandoned()
            return UNREAD
        case typer.TyperException():
            say(f"error: {_sentence_of_use(problem)}")
            return WRONG_USE
        case BotmeterError():
            say(f"error: {problem.message}")
            return exit_code_of(problem)
    # Anything else is a bug: print a sentence, write the trace to a file.
    say(f"error: {sentence_of_bug(problem, arguments=arguments, folder=folder_in(arguments))}")
    return FAILED


def _sentence_of_use(wrong: typer.TyperException) -> str:
    # Validation of choices starts messages with its own name for them.
    sentence = wrong.format_message().replace("Value error, ", "")
    context = getattr(wrong, "ctx", None)
    return sentence if context is None else f"{sentence}\nSee `{context.command_path} --help`."
