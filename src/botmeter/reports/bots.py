"""My Bots: bots, versions and their activity."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botmeter.domain.period import DEFAULT_DAYS, Period, day_of_us
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import split
from botmeter.reports.facts import session_groups
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import open_snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class BotVersionOverview:
    """One version of a bot. Instants in µs UTC; `session_count` covers the last 30 UTC days, today included."""

    bot_version: str | None
    first_event_us: int
    last_event_us: int
    session_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BotOverview:
    """One bot; versions have the latest activity first.

    `session_count` covers the last 30 UTC days; a session with two versions counts once.
    """

    bot_id: str
    name: str
    versions: tuple[BotVersionOverview, ...]
    first_event_us: int
    last_event_us: int
    session_count: int


def names_of_bots(ledger: "ReadableLedger") -> BotNames:
    """Names by id."""
    with open_snapshot(ledger) as snapshot:
        return bot_names(snapshot)


def bots(ledger: "ReadableLedger", *, now_us: int) -> tuple[BotOverview, ...]:
    """All bots: most sessions first, then by id."""
    today_on = day_of_us(now_us)
    query = UsageQuery(period=Period(first_on=today_on - timedelta(days=DEFAULT_DAYS - 1), last_on=today_on))
    with open_snapshot(ledger) as snapshot:
        groups = session_groups(snapshot, query, parameters=query_parameters(query, snapshot))
        activity = snapshot.rows(sql("activity_of_versions"), {})
        names = bot_names(snapshot)
    of_bot = {one.key: one.session_count for one in split(groups, lambda touchpoint: touchpoint.bot_id)}
    by_version = split(groups, lambda touchpoint: (touchpoint.bot_id, touchpoint.bot_version))
    of_version = {one.key: one.session_count for one in by_version}
    versions: dict[str, list[BotVersionOverview]] = {}
    for bot_id, bot_version, first_us, last_us in activity:
        one = BotVersionOverview(
            bot_version=bot_version,
            first_event_us=first_us,
            last_event_us=last_us,
            session_count=of_version.get((bot_id, bot_version), 0),
        )
        versions.setdefault(bot_id, []).append(one)
    overviews = [
        BotOverview(
            bot_id=bot_id,
            name=names[bot_id],
            versions=tuple(sorted(own, key=lambda one: (-one.last_event_us, one.bot_version or ""))),
            first_event_us=min(one.first_event_us for one in own),
            last_event_us=max(one.last_event_us for one in own),
            session_count=of_bot.get(bot_id, 0),
        )
        for bot_id, own in versions.items()
    ]
    return tuple(sorted(overviews, key=lambda bot: (-bot.session_count, bot.bot_id)))
