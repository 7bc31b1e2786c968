"""Questions to the person at the terminal, before something that can't be undone."""

from botmeter.cli.context import command_context
from botmeter.domain.errors import Refused


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees. `yes`: they did already, on the command line.

    Raises:
        Refused: `yes_needed` where nobody can be asked.
    """
    if yes:
        return True
    found = command_context()
    if not (found.stdin.isatty() and found.stderr.isatty()):
        raise Refused("yes_needed", f"{question} Nobody can be asked here; add --yes if that is meant.")
    found.stderr.write(f"{question} Type yes to go on: ")
    found.stderr.flush()
    return found.stdin.readline().strip().lower() == "yes"
