"""Questions to the person at the terminal, before something that can't be undone."""

import sys

from botmeter.domain.errors import Refused


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees. `yes`: they did already, on the command line.

    Raises:
        Refused: `yes_needed` where nobody can be asked.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("yes_needed", f"{question} Nobody can be asked here; add --yes if that is meant.")
    sys.stderr.write(f"{question} Type yes to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"
