"""Bot versions side by side: sessions, tickets and hand-offs."""

from dataclasses import dataclass
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
        conversation_count: Those that it took part in.
        handoff_count: `handoff` events of any actor in them, while the session runs.
    """

    bot_id: str
    bot_name: str
    bot_version: str | None
    session_count: int
    opened_count: int
    conversation_count: int
    ticket_count: int
    handoff_count: int


def versions(ledger: "ReadableLedger", query: UsageQuery) -> tuple[VersionUsage, ...]:
    """Return versions by bot, both with most sessions first."""
    with open_snapshot(ledger) as snapshot:
        parameters = {**query_parameters(query, snapshot), "handoff": int(Kind.HANDOFF)}
        groups = session_groups(snapshot, query, parameters=parameters)
        run_matching(snapshot, parameters)
        conversations = _counts(snapshot, "conversations_of_versions", parameters=parameters)
        tickets = _counts(snapshot, "tickets_of_versions", parameters=parameters)
        handoffs = _counts(snapshot, "handoffs_of_versions", parameters=parameters)
        names = bot_names(snapshot)
    sessions_of_bot = {one.key: one.session_count for one in split(groups, lambda touchpoint: touchpoint.bot_id)}
    versions_used = [
        VersionUsage(
            bot_id=one.key[0],
            bot_name=names[one.key[0]],
            bot_version=one.key[1],
            session_count=one.session_count,
            opened_count=one.opened_count,
            conversation_count=conversations.get(one.key, 0),
            ticket_count=tickets.get(one.key, 0),
            handoff_count=handoffs.get(one.key, 0),
        )
        for one in split(groups, lambda touchpoint: (touchpoint.bot_id, touchpoint.bot_version))
        if one.key[0] is not None
    ]
    return tuple(
        sorted(
            versions_used,
            key=lambda one: (-sessions_of_bot[one.bot_id], one.bot_id, -one.session_count, one.bot_version or ""),
        )
    )


def _counts(snapshot: Snapshot, name: str, *, parameters: Parameters) -> dict[_Version, int]:
    statement = sql(name, **parameters["conditions"])
    return {(bot_id, bot_version): count for bot_id, bot_version, count in snapshot.rows(statement, parameters)}
