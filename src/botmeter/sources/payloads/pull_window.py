"""Range of a pull, and work left for the next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import msgspec

from botmeter.domain.instant import MICROSECONDS_PER_SECOND

OVERLAP_US: Final = 3_600 * MICROSECONDS_PER_SECOND
YOUNG_US: Final = 300 * MICROSECONDS_PER_SECOND
"""Younger events are left to their webhooks, which may be under way and contain more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWindow:
    """Range of one pull, µs UTC; it overlaps the last one by an hour, for messages under way.

    Attributes:
        floor_us: First instant of messages.
        end_us: Exclusive.
        recent_us: Include conversations active since then,
        ceiling_us: and those last active between `floor_us` and then, if set.
        is_part: Doesn't cover all work left.
    """

    floor_us: int
    end_us: int
    recent_us: int
    ceiling_us: int | None = None
    is_part: bool = False

    def includes(self, active_us: int | None) -> bool:
        if active_us is None or active_us >= self.recent_us:
            return True
        return self.ceiling_us is not None and self.floor_us <= active_us <= self.ceiling_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Work left for the next pull, µs UTC.

    Attributes:
        next_us: Conversations active since then.
        floor_us: First instant of messages; None: `next_us`.
        ceiling_us: As in `PullWindow`.
    """

    next_us: int
    floor_us: int | None = None
    ceiling_us: int | None = None

    @property
    def recent_us(self) -> int:
        return self.next_us - OVERLAP_US

    @property
    def due_us(self) -> int:
        return self.recent_us if self.floor_us is None else min(self.floor_us, self.recent_us)


def pull_window(remaining: Remaining, *, since_us: int | None, earliest_us: int, now_us: int) -> PullWindow:
    """Window from `since_us`, or after the last pull, not before `earliest_us`."""
    end_us = now_us - YOUNG_US
    if since_us is not None:
        floor_us = _cut(min(max(since_us, earliest_us), end_us))
        return PullWindow(floor_us=floor_us, end_us=end_us, recent_us=floor_us, is_part=since_us > remaining.due_us)
    floor_us, recent_us = (_cut(min(max(us, earliest_us), end_us)) for us in (remaining.due_us, remaining.recent_us))
    return PullWindow(floor_us=floor_us, end_us=end_us, recent_us=recent_us, ceiling_us=remaining.ceiling_us)


def _cut(at_us: int) -> int:
    return at_us // MICROSECONDS_PER_SECOND * MICROSECONDS_PER_SECOND


def whole_window(window: PullWindow) -> Remaining:
    """Whole window as work left."""
    return Remaining(next_us=window.recent_us + OVERLAP_US, floor_us=window.floor_us, ceiling_us=window.ceiling_us)


def remaining_after(window: PullWindow, *, before: Remaining, left: Remaining | None) -> Remaining:
    """Work left after a pull.

    Args:
        before: Kept if the window covered only part of it.
        left: Unfinished in this pull.
    """
    if window.is_part:
        return before
    return Remaining(next_us=window.end_us) if left is None else left


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """Result of a pull; instants in µs UTC.

    Attributes:
        until_us: Exclusive; younger messages are left to webhooks.
        seen: Sum of the five counts that follow.
        known: Already in the ledger.
        refused: Quarantined.
        ignored: Never count.
        code: Error that interrupted it; empty: none.
    """

    began_us: int
    ended_us: int
    since_us: int
    until_us: int
    conversation_count: int = 0
    seen: int = 0
    known: int = 0
    accepted: int = 0
    refused: int = 0
    ignored: int = 0
    outside: int = 0
    request_count: int = 0
    code: str = ""
    fault: str = ""
    rest: Remaining

    @property
    def is_whole(self) -> bool:
        return not self.code

    def as_mapping(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_mapping(cls, stored: Mapping[str, Any] | None) -> Self | None:
        """Return None for a result of another version."""
        try:
            return msgspec.convert(stored, cls)
        except msgspec.ValidationError:
            return None
