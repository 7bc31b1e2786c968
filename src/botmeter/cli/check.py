"""Result of a `doctor` check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Result of a check; `detail` holds the finding and, if not ok, the remedy."""

    name: str
    is_ok: bool
    detail: str
