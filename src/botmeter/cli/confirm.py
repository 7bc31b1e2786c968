"""Confirmation of irreversible commands."""

from botmeter.cli.context import command_context
from botmeter.domain.errors import Refused


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Ask for a yes, unless `yes` was given; raises Refused `yes_needed` without a terminal."""
    if yes:
        return True
    context = command_context()
    if not (context.stdin.isatty() and context.stderr.isatty()):
        raise Refused("yes_needed", f"{question} There is no terminal to confirm on. Add --yes to confirm.")
    context.stderr.write(f"{question} Type yes to continue: ")
    context.stderr.flush()
    return context.stdin.readline().strip().lower() == "yes"
