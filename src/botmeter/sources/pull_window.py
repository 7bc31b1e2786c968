"""From when a platform is asked, and what is left to the next time.

A pull that came to its end leaves nothing: the next one begins an hour before it did, since an hour is long for a
message that was under way. One that was cut off leaves a rest, and the next one takes it up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from botmeter.domain.instant import MICROSECONDS_PER_SECOND

OVERLAP_US: Final = 3_600 * MICROSECONDS_PER_SECOND
YOUNG_US: Final = 300 * MICROSECONDS_PER_SECOND
"""What is so young is left to its webhook, which may be under way and knows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWindow:
    """What one pull looks at; all in µs UTC.

    Attributes:
        floor_us: Messages from then on.
        end_us: Messages before then.
        recent_us: Conversations that were active from then on.
        ceiling_us: And those that were active last between `floor_us` and then; None: none of them.
        is_part: What the last pull left is not all in it.
    """

    floor_us: int
    end_us: int
    recent_us: int
    ceiling_us: int | None = None
    is_part: bool = False

    def is_wanted(self, active_us: int | None) -> bool:
        """Whether a conversation is looked at that was active last at that instant; None: nobody knows."""
        if active_us is None or active_us >= self.recent_us:
            return True
        return self.ceiling_us is not None and self.floor_us <= active_us <= self.ceiling_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What the next pull has to look at; all in µs UTC.

    Attributes:
        next_us: Conversations that were active from then on.
        floor_us: Messages from then on; None: from `next_us`.
        ceiling_us: As in the plan.
    """

    next_us: int
    floor_us: int | None = None
    ceiling_us: int | None = None

    @property
    def recent_us(self) -> int:
        """With the overlap."""
        return self.next_us - OVERLAP_US

    @property
    def due_us(self) -> int:
        """The earliest of all that is left."""
        return self.recent_us if self.floor_us is None else min(self.floor_us, self.recent_us)


def planned(rest: Remaining, *, asked_us: int | None, earliest_us: int, now_us: int) -> PullWindow:
    """What a pull looks at.

    Args:
        rest: What the last one left.
        asked_us: From when somebody asks for it; None: from where the last one left off.
        earliest_us: No event of the account may be earlier.
        now_us: The present instant.
    """
    end_us = now_us - YOUNG_US
    if asked_us is not None:
        floor_us = _cut(min(max(asked_us, earliest_us), end_us))
        return PullWindow(floor_us=floor_us, end_us=end_us, recent_us=floor_us, is_part=asked_us > rest.due_us)
    floor_us, recent_us = (_cut(min(max(us, earliest_us), end_us)) for us in (rest.due_us, rest.recent_us))
    return PullWindow(floor_us=floor_us, end_us=end_us, recent_us=recent_us, ceiling_us=rest.ceiling_us)


def _cut(at_us: int) -> int:
    """To the second, as platforms tell times."""
    return at_us // MICROSECONDS_PER_SECOND * MICROSECONDS_PER_SECOND


def all_of(plan: PullWindow) -> Remaining:
    """What is left where nothing of the plan was done."""
    return Remaining(next_us=plan.recent_us + OVERLAP_US, floor_us=plan.floor_us, ceiling_us=plan.ceiling_us)


def remaining_after(plan: PullWindow, *, before: Remaining, left: Remaining | None) -> Remaining:
    """What is left after a pull.

    Args:
        plan: What it looked at.
        before: What was left before it; where it was asked for a part of that, all of it still is.
        left: What it says that it left; None: nothing.
    """
    if plan.is_part:
        return before
    return Remaining(next_us=plan.end_us) if left is None else left


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """What came of a pull.

    Attributes:
        began_us: When, µs UTC.
        ended_us: When, µs UTC.
        since_us: Messages from then on were looked at, µs UTC.
        until_us: And before then: what is younger is left to its webhook, µs UTC.
        conversation_count: Those that were looked at.
        seen: Messages, and beginnings of conversations.
        known: Of those, how many the ledger had.
        accepted: Of those, how many were missing and are there now.
        refused: Of those, how many are in quarantine.
        ignored: Of those, how many never count, such as private notes.
        outside: Of those, how many were older or younger than what was asked for.
        request_count: How often the platform was asked.
        code: Of what cut it off; empty: it came to its end.
        fault: In a sentence.
        rest: What is left to the next one.
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
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, kept: Mapping[str, Any] | None) -> Self | None:
        """The result that was kept; None where there is none, or one that another version wrote."""
        names = {each.name for each in fields(cls)}
        if kept is None or set(kept) != names:
            return None
        return cls(**{**kept, "rest": Remaining(**kept["rest"])})
