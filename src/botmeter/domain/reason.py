"""Reasons for undoing or discarding."""

from typing import Final

from botmeter.domain.display_name import character_fault
from botmeter.domain.errors import Refused

REASON_CHARACTERS_MAX: Final = 200
"""A sentence or two, which fit on a line of a list."""


def checked_reason(text: str) -> str:
    """Trim a reason.

    Raises:
        Refused: `reason_invalid` if it is empty, too long, or doesn't fit on one line.
    """
    reason = text.strip()
    if not reason:
        raise Refused("reason_invalid", "Give a reason; it is stored with the change.")
    if len(reason) > REASON_CHARACTERS_MAX:
        raise Refused(
            "reason_invalid",
            f"The reason has {len(reason):,} characters; the limit is {REASON_CHARACTERS_MAX:,}.",
        )
    if fault := character_fault(reason):
        raise Refused("reason_invalid", f"{reason[:40]!r} is not a valid reason: {fault}.")
    return reason
