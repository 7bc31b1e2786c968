"""Sessions of a statement in the groups that FOCUS keeps apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.instant import DAY_US, EPOCH

_KEYS = ("day", "meter", "funding", "bot_id", "channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageGroup:
    """Number of sessions that started on a UTC day, opened by one bot on one channel, with one funding.

    Attributes:
        number: Of the pack or tier, from 1; None: it has none.
    """

    day_on: date
    meter: int
    kind: str
    number: int | None
    bot_id: str | None
    channel: str
    cost_centre: str
    session_count: int

    @property
    def funding(self) -> str:
        return self.kind if self.number is None else f"{self.kind} {self.number}"


def usage_groups(sessions: pa.Table, centres: CostCentres) -> tuple[UsageGroup, ...]:
    """Groups of a statement's list, by day, meter, funding, bot and channel."""
    days = pc.divide(sessions["started_at"], pa.scalar(DAY_US, pa.int64()))
    columns = {"day": days, **{name: _plain(sessions[name]) for name in _KEYS[1:]}}
    counted = pa.table(columns).group_by(list(_KEYS)).aggregate([([], "count_all")])
    ordered = counted.sort_by([(name, "ascending") for name in _KEYS])
    return tuple(_groups(ordered.to_pylist(), centres))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _groups(rows: Iterable[dict[str, object]], centres: CostCentres) -> Iterator[UsageGroup]:
    for row in rows:
        day, meter, funding, bot_id, channel, count = (row[name] for name in (*_KEYS, "count_all"))
        day_on = EPOCH.date() + timedelta(days=int(str(day)))
        kind, _, number = str(funding).partition(" ")
        bot = None if bot_id is None else str(bot_id)
        yield UsageGroup(
            day_on=day_on,
            meter=int(str(meter)),
            kind=kind,
            number=int(number) if number else None,
            bot_id=bot,
            channel=str(channel),
            cost_centre=centres.at(bot, str(channel), on=day_on),
            session_count=int(str(count)),
        )
