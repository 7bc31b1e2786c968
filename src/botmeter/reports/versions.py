"""Bot versions side by side: sessions, tickets and hand-offs."""

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from botmeter.domain.event import Kind
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import bot_names
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import split
from botmeter.reports.facts import session_groups
from botmeter.reports.matching import run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_Version = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionUsage:
    """One version of one bot. All counts are distinct.

    Attributes:
        opened_count: Adds up to the headline.
        first_on: First UTC day with a session of it, in all data.
        handoff_count: `handoff` events of any actor in its conversations, while the session runs.
        handed_off_count: Conversations with such an event.
    """

    bot_id: str
    bot_name: str
    bot_version: str | None
    first_on: date
    session_count: int
    opened_count: int
    conversation_count: int
    ticket_count: int
    handoff_count: int
    handed_off_count: int


def versions(ledger: "ReadableLedger", query: UsageQuery) -> tuple[VersionUsage, ...]:
    """Versions with sessions by bot, the bot with most sessions first, then newest first."""
    with open_snapshot(ledger) as snapshot:
        parameters = {**query_parameters(query, snapshot), "handoff": int(Kind.HANDOFF)}
        groups = session_groups(snapshot, query, parameters=parameters)
        run_matching(snapshot, parameters)
        conversations = _counts(snapshot, "conversations_of_versions", parameters=parameters)
        tickets = _counts(snapshot, "tickets_of_versions", parameters=parameters)
        handoffs = _handoffs(snapshot, parameters)
        names, first_days = bot_names(snapshot), _first_days(snapshot)
    sessions_of_bot = {one.key: one.session_count for one in split(groups, lambda touchpoint: touchpoint.bot_id)}
    versions_used = [
        VersionUsage(
            bot_id=one.key[0],
            bot_name=names[one.key[0]],
            bot_version=one.key[1],
            first_on=first_days[one.key],
            session_count=one.session_count,
            opened_count=one.opened_count,
            conversation_count=conversations.get(one.key, 0),
            ticket_count=tickets.get(one.key, 0),
            handoff_count=handoffs.get(one.key, (0, 0))[0],
            handed_off_count=handoffs.get(one.key, (0, 0))[1],
        )
        for one in split(groups, lambda touchpoint: (touchpoint.bot_id, touchpoint.bot_version))
        # A bot that opened a session of others, and is not among them, has none of these.
        if one.key[0] is not None and one.session_count
    ]
    newest_first = sorted(versions_used, key=_age, reverse=True)
    return tuple(sorted(newest_first, key=lambda one: (-sessions_of_bot[one.bot_id], one.bot_id)))


def _age(one: VersionUsage) -> tuple[bool, date, list[tuple[bool, int, str]], str]:
    """Sort key of a bot's versions, oldest first after none; those of one day by the numbers in their names."""
    version = one.bot_version or ""
    parts = re.findall(r"\d+|\D+", version)
    numbered = [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
    return one.bot_version is not None, one.first_on, numbered, version


def _first_days(snapshot: Snapshot) -> dict[_Version, date]:
    first_days: dict[_Version, date] = {}
    for footprint, first_on in snapshot.rows(sql("first_days_of_footprints"), {}):
        for number in (footprint,) if footprint >= 0 else snapshot.footprints[-1 - footprint]:
            touchpoint = snapshot.touchpoints[number]
            key = (touchpoint.bot_id, touchpoint.bot_version)
            first_days[key] = min(first_on, first_days.get(key, first_on))
    return first_days


def _counts(snapshot: Snapshot, name: str, *, parameters: Parameters) -> dict[_Version, int]:
    statement = sql(name, **parameters["conditions"])
    return {(bot_id, bot_version): count for bot_id, bot_version, count in snapshot.rows(statement, parameters)}


def _handoffs(snapshot: Snapshot, parameters: Parameters) -> dict[_Version, tuple[int, int]]:
    rows = snapshot.rows(sql("handoffs_of_versions", **parameters["conditions"]), parameters)
    return {(bot_id, bot_version): (events, conversations) for bot_id, bot_version, events, conversations in rows}
