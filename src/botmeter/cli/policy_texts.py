"""Policies named on a command line."""

from typing import TYPE_CHECKING

from botmeter.cli.context import command_context
from botmeter.domain.period import day_of_us

if TYPE_CHECKING:
    from botmeter.metering.policy import Policy, Schedule


def policy_named(text: str) -> "Policy":
    """Preset of that name, or policy in that file (`-`: stdin)."""
    from botmeter.sources import policy_file

    context = command_context()
    return policy_file.policy_named(text, cwd=context.cwd, stdin=context.stdin.buffer if text == "-" else None)


def schedule_rows(schedule: "Schedule") -> list[dict[str, object]]:
    """One row per policy: label and first UTC day (None: from the beginning)."""
    from botmeter.metering.policy import ALWAYS_US

    return [
        {
            "policy": term.policy.label,
            "from": None if term.from_us == ALWAYS_US else day_of_us(term.from_us).isoformat(),
        }
        for term in schedule
    ]
