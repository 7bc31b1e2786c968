"""Result of one check of `doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Result of one check.

    Attributes:
        detail: The finding and, if it is not ok, the remedy.
    """

    name: str
    is_ok: bool
    detail: str
