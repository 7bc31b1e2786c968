"""Confirmation of irreversible commands."""

from typer import Exit

from botmeter.cli.context import command_context
from botmeter.cli.failures import FAILED
from botmeter.cli.output import say
from botmeter.domain.errors import Refused


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
