"""Summary sheet of a workbook: its rows, and their totals."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.week_hours import week_hour_of_text
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.facts import facts_of
from botmeter.reports.filters import FilterDeclaration, Filters, FilterTarget
from botmeter.reports.matching import run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.recency import recency_of
from botmeter.reports.snapshot import Parameters, Snapshot
from botmeter.reports.usage import policies_in_force

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

Summary = tuple[tuple[str, str | int], ...]
"""Pairs of a label and a value."""

sql = statements_of(__name__)

_TOTALS: Final = ("Sessions consumed", "of which preview", "Conversations", "Tickets")
_PREVIEWS: Final = {True: "previews only", False: "without previews"}


def summary_of_rows(
    ledger: "ReadableLedger",
    snapshot: Snapshot,
    *,
    query: UsageQuery,
    chosen: tuple[tuple[str, str], ...],
    parameters: Parameters,
) -> Summary:
    """Describe an export of the underlying data, with the totals of the same moment.

    Args:
        chosen: Further choices of rows, as label and value.
    """
    totals = _totals_of_matching(snapshot, parameters) if chosen else _totals(snapshot, query)
    return (*summary_of(ledger, snapshot, query=query), *chosen, *zip(_TOTALS, totals, strict=True))


def summary_of(ledger: "ReadableLedger", snapshot: Snapshot, *, query: UsageQuery) -> Summary:
    """Describe a question: account, period, time zone, policy and filters."""
    zone, latest_us = query.period.timezone, recency_of(snapshot).latest_event_us
    newest = () if latest_us is None else (("Newest event", f"{text.instant_text(latest_us, zone=zone)} {zone}"),)
    return (
        ("Account", ledger.account.title),
        ("Period", text.days_text(query.period)),
        ("Days", query.period.day_count),
        ("Time zone", zone),
        *newest,
        ("Policy", ", ".join(policies_in_force(ledger.schedule, query.period))),
        *(tuple(_filter_lines(query.filters, bot_names(snapshot))) or (("Filters", "none"),)),
    )


def _filter_lines(filters: Filters, names: BotNames) -> Iterator[tuple[str, str]]:
    for declared, selected, excluded in filters.set_filters():
        if selected:
            yield declared.label, f"is {_values_text(declared, selected, names=names)}"
        if excluded:
            yield declared.label, f"is not {_values_text(declared, excluded, names=names)}"
    if filters.preview is not None:
        yield "Preview", _PREVIEWS[filters.preview]


def _values_text(declared: FilterDeclaration, values: tuple[str, ...], *, names: BotNames) -> str:
    if declared.target is FilterTarget.HOUR:
        values = tuple(text.week_hour_text(week_hour_of_text(value)) for value in values)
    elif declared.is_of_bots:
        values = tuple(f"{names[value]} ({value})" if value in names else value for value in values)
    return " or ".join(values)


def _totals(snapshot: Snapshot, query: UsageQuery) -> tuple[int, int, int, int]:
    facts = facts_of(snapshot, query)
    counts = facts.groups.session_count
    previews = counts[facts.groups.is_preview]
    return int(counts.sum()), int(previews.sum()), facts.conversation_count, facts.tickets.ticket_count


def _totals_of_matching(snapshot: Snapshot, parameters: Parameters) -> tuple[int, int, int, int]:
    run_matching(snapshot, parameters)
    [totals] = snapshot.rows(sql("totals_of_matching", **parameters["conditions"]), parameters)
    session_count, preview_count, conversation_count, ticket_count = totals
    return session_count, preview_count, conversation_count, ticket_count
