"""Sessions by cost centre, each counted once: under that of the bot and channel that opened it."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.cost_centres import cost_centres_in
from botmeter.reports.conditions import query_parameters
from botmeter.reports.cost_centre_spans import unchanged_spans
from botmeter.reports.counts import split
from botmeter.reports.facts import session_groups
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCentreUsage:
    """Sessions of one cost centre; empty: of none."""

    cost_centre: str
    session_count: int


def cost_centre_usage(ledger: "ReadableLedger", query: UsageQuery) -> tuple[CostCentreUsage, ...]:
    """Sessions by cost centre, most first, then by name; the counts add up to the report's sessions."""
    with open_snapshot(ledger) as snapshot:
        counts = cost_centre_counts(snapshot, query)
    usages = [CostCentreUsage(cost_centre=name, session_count=count) for name, count in counts.items() if count]
    return tuple(sorted(usages, key=lambda one: (-one.session_count, one.cost_centre)))


def cost_centre_names(ledger: "ReadableLedger") -> tuple[str, ...]:
    """Every cost centre ever set, by name."""
    with ledger.read_transaction() as connection:
        return cost_centres_in(connection).names


def cost_centre_counts(snapshot: Snapshot, query: UsageQuery) -> Counter[str]:
    """Sessions by cost centre.

    Between two changes of any cost centre, the opening touchpoint decides. Such a span has the sessions before its end
    less those before its start, which usage can count.
    """
    centres, counts = cost_centres_in(snapshot.connection), Counter[str]()
    before: Counter[Touchpoint] = Counter()
    for start_us, end_us in unchanged_spans(centres, start_us=query.start_us, end_us=query.end_us):
        until = _opened(snapshot, replace(query, until_us=end_us))
        for touchpoint, count in (until - before).items():
            counts[centres.at(touchpoint.bot_id, touchpoint.channel, on=day_of_us(start_us))] += count
        before = until
    return counts


def _opened(snapshot: Snapshot, query: UsageQuery) -> "Counter[Touchpoint]":
    groups = session_groups(snapshot, query, parameters=query_parameters(query, snapshot))
    return Counter({one.key: one.opened_count for one in split(groups, lambda touchpoint: touchpoint)})
