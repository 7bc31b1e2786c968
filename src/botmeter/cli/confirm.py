"""Confirmation of irreversible commands."""

from typer import Exit

from botmeter.cli.context import command_context
from botmeter.cli.failures import FAILED
from botmeter.cli.output import say
from botmeter.domain.errors import Refused


def confirm_by_name(question: str, name: str, *, given: str | None) -> None:
    """Ask for the name of the thing, unless it was given, or end the command.

    Raises:
        Refused: `name_needed` without a terminal, or if another name was given.
    """
    context = command_context()
    if given is None and not (context.stdin.isatty() and context.stderr.isatty()):
        raise Refused("name_needed", f"{question} There is no terminal to confirm on. Add --confirm {name}.")
    if given is None:
        context.stderr.write(f"{question} Type {name} to continue: ")
        context.stderr.flush()
        if context.stdin.readline().strip() == name:
            return
        say("nothing changed")
        raise Exit(FAILED)
    if given != name:
        raise Refused("name_needed", f"{given[:64]!r} is not the name of the account. Nothing was changed.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask for a yes, unless `yes` is set, or end the command.

    Raises:
        Refused: `yes_needed` without a terminal.
    """
    if yes:
        return
    context = command_context()
    if not (context.stdin.isatty() and context.stderr.isatty()):
        raise Refused("yes_needed", f"{question} There is no terminal to confirm on. Add --yes to confirm.")
    context.stderr.write(f"{question} Type yes to continue: ")
    context.stderr.flush()
    if context.stdin.readline().strip().lower() != "yes":
        say("nothing changed")
        raise Exit(FAILED)
