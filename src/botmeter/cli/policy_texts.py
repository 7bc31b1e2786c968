"""Policies named on a command line."""

from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import located, read_file, reason_of
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.period import day_of_us

if TYPE_CHECKING:
    from botmeter.metering.policy import Policy, Schedule

_FILE_ENDINGS = (".toml", ".json")
# Far longer than any policy; a guard against an event file passed by mistake.
_BYTES_MAX = 1_000_000


def policy_named(text: str) -> "Policy":
    """Preset of that name, or policy in that file (`-`: stdin)."""
    from botmeter.metering.policy_text import policy_from_text
    from botmeter.metering.preset import preset

    path = Path(text)
    if text == "-":
        return policy_from_text(_text_of(path))
    if path.suffix not in _FILE_ENDINGS and "/" not in text and not located(path).is_file():
        return preset(text).policy
    return policy_from_text(_text_of(path), name_hint=path.stem)


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


def _text_of(path: Path) -> str:
    try:
        return read_file(path, bytes_max=_BYTES_MAX).decode("utf-8-sig")
    except FileNotFoundError:
        raise Missing("policy_file_missing", f"Policy file {path} does not exist.") from None
    except (OSError, ValueError) as problem:
        reason = reason_of(problem, otherwise="not UTF-8 text")
        raise Refused("policy_file_unreadable", f"Policy file {path} can't be read: {reason}.") from None
