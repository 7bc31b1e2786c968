"""Days whose sessions commits changed; what follows from other days is not computed again."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from botmeter.domain.instant import DAY_US, INSTANT_FIRST_US, NEVER_US

_SPANS_MAX: Final = 64
"""Spans of one commit that are known apart; older ones are joined. A page that looks each minute needs the last few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSpan:
    """UTC days (µs, half-open) that contain the starts of all changed sessions."""

    start_us: int
    end_us: int

    @classmethod
    def between(cls, first_us: int, last_us: int) -> Self:
        """Whole days from the first to the last start of a changed session."""
        return cls(start_us=first_us // DAY_US * DAY_US, end_us=(last_us // DAY_US + 1) * DAY_US)

    @classmethod
    def of(cls, *starts_us: npt.NDArray[np.int64]) -> Self:
        """Whole days of the starts of sessions; none: no days."""
        numbers = [each for each in starts_us if len(each)]
        if not numbers:
            return cls(start_us=NEVER_US, end_us=INSTANT_FIRST_US)
        return cls.between(int(min(each.min() for each in numbers)), int(max(each.max() for each in numbers)))

    def touches(self, start_us: int, end_us: int) -> bool:
        return self.start_us < end_us and start_us < self.end_us

    def with_span(self, other: Self) -> Self:
        return replace(self, start_us=min(self.start_us, other.start_us), end_us=max(self.end_us, other.end_us))

    def is_within(self, other: Self) -> bool:
        return other.start_us <= self.start_us and self.end_us <= other.end_us


EVERYTHING: Final = ChangedSpan(start_us=INSTANT_FIRST_US, end_us=NEVER_US)
NOTHING: Final = ChangedSpan(start_us=NEVER_US, end_us=INSTANT_FIRST_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDays:
    """Days whose sessions recent commits changed.

    Attributes:
        since_version: Changes up to this version are unknown.
        spans: Version of a commit, ascending, and what it changed; without spans that lie within a later one.
    """

    since_version: int
    spans: tuple[tuple[int, ChangedSpan], ...] = ()

    def with_commit(self, version: int, span: ChangedSpan | None) -> Self:
        """Add a commit; None: it may have changed any session."""
        if span is None:
            return replace(self, since_version=version, spans=())
        if span == NOTHING:
            return self
        kept = [each for each in self.spans if not each[1].is_within(span)]
        if len(kept) >= _SPANS_MAX:
            (_, oldest), (at, second), *later = kept
            kept = [(at, oldest.with_span(second)), *later]
        return replace(self, spans=(*kept, (version, span)))

    def since(self, version: int) -> ChangedSpan:
        """Days outside which no session changed after a version."""
        if version < self.since_version:
            return EVERYTHING
        changed = NOTHING
        for at, span in self.spans:
            if at > version:
                changed = changed.with_span(span)
        return changed
