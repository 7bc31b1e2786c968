"""Same traffic under several policies, with reasons for the differences.

Each policy meters all stored events; the period's alone would open wrong sessions at its edges.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec import Struct

from botmeter.domain.errors import Refused
from botmeter.domain.period import Period
from botmeter.domain.session import ClosedBy
from botmeter.ledger.partitions import SharedKey, event_partitions
from botmeter.metering.policy import Policy
from botmeter.metering.touchpoints import Touchpoints
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import Ints
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import ReportPeriod, report_period
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.comparison import Metering

REASONS = {
    "duration": "the previous session had reached its maximum duration",
    "idle": "the idle timeout of the previous session had passed",
    "calendar": "a new day or month had started",
    "turns": "the previous session had reached its maximum number of turns",
    "end": "an event had ended the previous session",
    "scope": "no session in its scope came before it; under the other policy one still runs",
    "taking_part": "under the other policy its event opens no session, or the event or its session does not count",
    "filters": "under the other policy its session does not match the filters",
}
"""Reasons for which an event opens a session under one policy alone."""


class SimulatedMonth(Struct, frozen=True):
    """Sessions of one month (`YYYY-MM`)."""

    month: str
    session_count: int = msgspec.field(name="sessions")


class SimulatedBot(Struct, frozen=True):
    """Sessions that one bot (None: no bot) opened."""

    bot_id: str | None
    bot_name: str | None
    opened_count: int = msgspec.field(name="opened")


class SimulatedChannel(Struct, frozen=True):
    """Sessions that were opened on one channel."""

    channel: str
    opened_count: int = msgspec.field(name="opened")


class Outcome(Struct, frozen=True, kw_only=True):
    """Session counts of one policy: all months of the period, bots and channels with most sessions first."""

    policy: str
    session_count: int = msgspec.field(name="sessions")
    by_month: list[SimulatedMonth]
    by_bot: list[SimulatedBot]
    by_channel: list[SimulatedChannel]
    closed_by: dict[str, int]


class Difference(Struct, frozen=True, kw_only=True):
    """Difference of a policy from the first: `session_count` is all of `more` less all of `fewer`.

    Each counts opening events of one policy alone, by reason (see REASONS).
    """

    policy: str
    against: str
    session_count: int = msgspec.field(name="sessions")
    more: dict[str, int]
    fewer: dict[str, int]


class Simulation(Struct, frozen=True, kw_only=True):
    """Several policies, as JSON; `differences` omits the first."""

    account: str
    period: ReportPeriod
    filters: dict[str, Any]
    outcomes: list[Outcome] = msgspec.field(name="policies")
    differences: list[Difference]


def _no_limit() -> None:
    """Let a simulation take its time."""


def simulate(
    ledger: "ReadableLedger",
    query: UsageQuery,
    *,
    policies: Sequence[Policy],
    check: Callable[[], None] = _no_limit,
) -> Simulation:
    """Meter the events under each policy, and compare with the first.

    Args:
        check: Called before each part of the work; may raise to end it.

    Raises:
        Refused: `filter_not_simulated` for tickets, openings or hours.
    """
    for declared, _, _ in query.filters.set_filters():
        if not declared.is_simulated:
            raise Refused("filter_not_simulated", f"A simulation can't be filtered by {declared.label.lower()}.")
    edges_us = np.array(query.period.edges_us())
    tallies = [_Tally(policy=policy, edges_us=edges_us) for policy in policies]
    with open_snapshot(ledger) as snapshot:
        parameters = query_parameters(query, snapshot)
        _meter_partitions(snapshot, tallies, touchpoints=ledger.touchpoints, parameters=parameters, check=check)
        names = bot_names(snapshot)
    outcomes = [_outcome(tally, ledger.touchpoints, names=names, period=query.period) for tally in tallies]
    return Simulation(
        account=ledger.account.name,
        period=report_period(query.period),
        filters=query.filters.as_mapping(),
        outcomes=outcomes,
        differences=[
            Difference(
                policy=outcome.policy,
                against=outcomes[0].policy,
                session_count=outcome.session_count - outcomes[0].session_count,
                more=_most_first(tally.more),
                fewer=_most_first(tally.fewer),
            )
            for tally, outcome in zip(tallies[1:], outcomes[1:], strict=True)
        ],
    )


@dataclass(slots=True, kw_only=True)
class _Tally:
    policy: Policy
    edges_us: Ints
    by_day: Counter[int] = field(default_factory=Counter)
    by_touchpoint: Counter[int] = field(default_factory=Counter)
    closed_by: Counter[int] = field(default_factory=Counter)
    more: Counter[str] = field(default_factory=Counter)
    fewer: Counter[str] = field(default_factory=Counter)

    def add(self, metered: "Metering") -> None:
        starts_us = metered.sessions["started_at"].to_numpy()[metered.counted]
        self.by_day.update(_counter(np.searchsorted(self.edges_us, starts_us, side="right") - 1))
        self.by_touchpoint.update(_counter(metered.sessions["opening_touchpoint"].to_numpy()[metered.counted]))
        self.closed_by.update(_counter(metered.sessions["closed_by"].to_numpy()[metered.counted]))


def _meter_partitions(
    snapshot: Snapshot,
    tallies: list[_Tally],
    *,
    touchpoints: Touchpoints,
    parameters: Parameters,
    check: Callable[[], None],
) -> None:
    from botmeter.reports.comparison import event_names, metering, only_in

    key = SharedKey.of([tally.policy for tally in tallies])
    for events in event_partitions(snapshot.connection, key):
        names = event_names(events["source"], events["event_id"])
        first: Metering | None = None
        for tally in tallies:
            check()
            metered = metering(snapshot, events, policy=tally.policy, touchpoints=touchpoints, parameters=parameters)
            tally.add(metered)
            if first is None:
                first = metered
                continue
            tally.more.update(only_in(metered, first, names=names))
            tally.fewer.update(only_in(first, metered, names=names))


def _outcome(tally: _Tally, touchpoints: Touchpoints, *, names: BotNames, period: Period) -> Outcome:
    by_bot: Counter[str | None] = Counter()
    by_channel: Counter[str] = Counter()
    known = touchpoints.all()
    for number, session_count in tally.by_touchpoint.items():
        by_bot[known[number].bot_id] += session_count
        by_channel[known[number].channel] += session_count
    by_month: Counter[str] = Counter()
    for number, on in enumerate(period.days()):
        by_month[f"{on.year:04}-{on.month:02}"] += tally.by_day[number]
    return Outcome(
        policy=tally.policy.label,
        session_count=tally.by_day.total(),
        by_month=[SimulatedMonth(*month) for month in by_month.items()],
        by_bot=[
            SimulatedBot(bot_id, None if bot_id is None else names[bot_id], opened_count)
            for bot_id, opened_count in sorted(by_bot.items(), key=lambda one: (-one[1], one[0] is None, one[0] or ""))
        ],
        by_channel=[SimulatedChannel(*channel) for channel in _most_first(by_channel).items()],
        closed_by={reason.name.lower(): tally.closed_by[reason] for reason in ClosedBy},
    )


def _counter(values: np.ndarray[Any, Any]) -> dict[Any, int]:
    distinct, counts = np.unique(values, return_counts=True)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
