"""Cost centres: who inside the organisation pays for a bot, or for what a channel brings."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCentreTerm:
    """Cost centre of a bot or a channel from a UTC day on; empty: none.

    Raises:
        Refused: `cost_centre_invalid` unless it is of one bot or one channel, and fits on one line.
    """

    from_on: date
    bot_id: str | None = None
    channel: str | None = None
    cost_centre: str
    recorded_at: int = 0
    set_by: str | None = None

    def __post_init__(self) -> None:
        stripped = self.cost_centre.strip()
        if fault := display_name_fault(stripped):
            raise Refused("cost_centre_invalid", f"{stripped[:40]!r} is not a valid cost centre: {fault}.")
        if (self.bot_id is None) == (self.channel is None):
            raise Refused(
                "cost_centre_invalid", "A cost centre belongs to one bot or to one channel: name one of them."
            )
        object.__setattr__(self, "cost_centre", stripped)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    days: tuple[date, ...]
    labels: tuple[str, ...]

    def at(self, on: date) -> str:
        position = bisect_right(self.days, on)
        return self.labels[position - 1] if position else ""


class CostCentres:
    """Cost centres of an account's bots and channels.

    Of a bot's terms, the one with the latest day is in force, of those with the same day the last recorded one.
    """

    def __init__(self, terms: Iterable[CostCentreTerm]) -> None:
        by_subject: dict[tuple[str | None, str | None], dict[date, str]] = {}
        for term in sorted(terms, key=lambda each: each.recorded_at):
            by_subject.setdefault((term.bot_id, term.channel), {})[term.from_on] = term.cost_centre
        self._timelines = {subject: _timeline(labels) for subject, labels in by_subject.items()}

    def at(self, bot_id: str | None, channel: str, *, on: date) -> str:
        """Cost centre of a session by what opened it: its bot's, else its channel's; empty: none."""
        of_bot = "" if bot_id is None else self.own(bot_id, None, on=on)
        return of_bot or self.own(None, channel, on=on)

    def own(self, bot_id: str | None, channel: str | None, *, on: date) -> str:
        """Own cost centre of a bot or a channel."""
        timeline = self._timelines.get((bot_id, channel))
        return timeline.at(on) if timeline else ""

    @property
    def change_days(self) -> tuple[date, ...]:
        """Days on which any cost centre begins or ends, ascending."""
        return tuple(sorted({day for timeline in self._timelines.values() for day in timeline.days}))

    @property
    def names(self) -> tuple[str, ...]:
        """Cost centres of any day, by name."""
        return tuple(sorted({label for timeline in self._timelines.values() for label in timeline.labels if label}))


def _timeline(labels: Mapping[date, str]) -> _Timeline:
    days = tuple(sorted(labels))
    return _Timeline(days=days, labels=tuple(labels[day] for day in days))
