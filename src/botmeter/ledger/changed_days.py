"""Days from which on commits changed sessions, so that what follows from earlier sessions is computed once."""

from dataclasses import dataclass, replace
from typing import Self

from botmeter.domain.instant import DAY_US, INSTANT_FIRST_US, NEVER_US


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDays:
    """Earliest changed sessions of recent commits.

    Attributes:
        since_version: Changes up to this version are unknown.
        days: Version of a commit, and the UTC midnight (µs) before its earliest changed session, both ascending;
            without commits before one of an earlier day.
    """

    since_version: int
    days: tuple[tuple[int, int], ...] = ()

    def with_commit(self, version: int, *, from_us: int | None) -> Self:
        """Add a commit; `from_us` is the start of its earliest changed session, None if unknown."""
        if from_us is None:
            return replace(self, since_version=version, days=())
        day_us = from_us // DAY_US * DAY_US
        return replace(self, days=(*(each for each in self.days if each[1] < day_us), (version, day_us)))

    def first_us(self, version: int) -> int:
        """Instant (µs UTC) before which no session changed after a version."""
        if version < self.since_version:
            return INSTANT_FIRST_US
        return next((day_us for at, day_us in self.days if at > version), NEVER_US)
