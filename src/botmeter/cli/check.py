"""One thing that `doctor` looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        detail: What was found; where it is not well, what to do.
    """

    name: str
    is_well: bool
    detail: str
