"""Deferred widget that compares the versions of each bot."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from botmeter.domain import text
from botmeter.reports.versions import VersionUsage, versions
from botmeter.web.components import Cell, Column, bar_width, count_cell
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.splits import version_rows
from botmeter.web.report_address import VersionOrder

VERSIONS_MAX: Final = 40
_NOTE: Final = (
    "Grey figures are the change to the version before. The hand-off rate is the share of a version's conversations "
    "that were handed to an agent."
)
_ORDERS: Final = {
    "Sessions": (VersionOrder.MOST_SESSIONS, VersionOrder.FEWEST_SESSIONS),
    "Conversations per session": (VersionOrder.MOST_CONVERSATIONS, VersionOrder.FEWEST_CONVERSATIONS),
    "Tickets per 100 sessions": (VersionOrder.MOST_TICKETS, VersionOrder.FEWEST_TICKETS),
    "Hand-off rate": (VersionOrder.MOST_HANDOFFS, VersionOrder.FEWEST_HANDOFFS),
}
_NUMBERS: Final[dict[str, Callable[[VersionUsage], float]]] = {
    "sessions": lambda one: one.session_count,
    "conversations": lambda one: one.conversation_count / one.session_count,
    "tickets": lambda one: one.ticket_count / one.session_count,
    "handoffs": lambda one: one.handed_off_count / max(1, one.conversation_count),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version; `bar` is the length of its hand-off rate."""

    name: Cell
    figures: tuple[Cell, ...]
    rate: Cell
    bar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BotVersions:
    """Versions of one bot, whose link filters the page by it."""

    name: str
    href: str
    lines: tuple[VersionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsWidget:
    """Versions by bot."""

    columns: tuple[Column, ...]
    bots: tuple[BotVersions, ...]
    note: str


def versions_widget(context: WidgetContext) -> VersionsWidget:
    """Compare each version with the one before, newest first by default."""
    every = versions(context.ledger, context.question.query)
    before = {one: older for one, older in pairwise(every) if one.bot_id == older.bot_id and older.bot_version}
    shown = every if context.is_whole else every[:VERSIONS_MAX]
    highest = max(map(_handoff_rate, shown), default=0)
    bots = []
    for (bot_id, bot_name), own in groupby(shown, key=lambda one: (one.bot_id, one.bot_name)):
        lines = tuple(
            _line(one, before.get(one), context=context, highest=highest)
            for one in _in_order(list(own), context.address.versions)
        )
        bots.append(
            BotVersions(name=bot_name, href=context.here.href(context.address.only("bot", bot_id)), lines=lines)
        )
    hidden_count = len(every) - len(shown)
    hidden = f" {text.counted(hidden_count, 'further version')} not shown. Expand to see all." if hidden_count else ""
    return VersionsWidget(columns=_columns(context), bots=tuple(bots), note=_NOTE + hidden)


def _handoff_rate(one: VersionUsage) -> float:
    return _NUMBERS["handoffs"](one)


def _in_order(newest_first: list[VersionUsage], order: VersionOrder) -> list[VersionUsage]:
    if order is VersionOrder.NEWEST:
        return newest_first
    if order is VersionOrder.OLDEST:
        return newest_first[::-1]
    return sorted(newest_first, key=_NUMBERS[order.removeprefix("-")], reverse=order.startswith("-"))


def _columns(context: WidgetContext) -> tuple[Column, ...]:
    orders = {"Version": (VersionOrder.NEWEST, VersionOrder.OLDEST), **_ORDERS}
    return tuple(_column(label, pair, context=context) for label, pair in orders.items())


def _column(label: str, orders: tuple[VersionOrder, VersionOrder], *, context: WidgetContext) -> Column:
    largest, smallest = orders
    current = context.address.versions
    following = smallest if current is largest else largest
    return Column(
        label=label,
        href=context.here.href(context.address.versions_by(following)) + "#w-versions",
        sorted="descending" if current is largest else "ascending" if current is smallest else "",
        variant="" if label == "Version" else "r",
    )


def _line(one: VersionUsage, before: VersionUsage | None, *, context: WidgetContext, highest: float) -> VersionLine:
    sessions = text.counted(one.session_count, "session")
    # A day outside of the shared ones is not for visitors.
    since = f"since {text.day_text(one.first_on)}" if context.access.days is None else ""
    return VersionLine(
        name=Cell(value=one.bot_version or "No version", note=since if one.bot_version else ""),
        figures=(
            count_cell(
                one.session_count,
                href=version_rows(context, one),
                note="" if before is None else text.change_text(one.session_count, before=before.session_count),
                has_number=True,
            ),
            _ratio(
                one.conversation_count / one.session_count,
                None if before is None else before.conversation_count / before.session_count,
                decimals=2,
                title=f"{text.counted(one.conversation_count, 'conversation')} in {sessions}",
            ),
            _ratio(
                100 * one.ticket_count / one.session_count,
                None if before is None else 100 * before.ticket_count / before.session_count,
                title=f"{text.counted(one.ticket_count, 'ticket')} in {sessions}",
            ),
        ),
        rate=_ratio(
            100 * _handoff_rate(one),
            None if before is None else 100 * _handoff_rate(before),
            unit=f"{text.THIN}%",
            title=f"{text.count_text(one.handed_off_count)} of {text.counted(one.conversation_count, 'conversation')}",
        ),
        bar=bar_width(round(10_000 * _handoff_rate(one)), longest=round(10_000 * highest)),
    )


def _ratio(number: float, before: float | None, *, title: str, decimals: int = 1, unit: str = "") -> Cell:
    return Cell(
        value=f"{number:,.{decimals}f}{unit}",
        note="" if before is None else text.signed(number - before, decimals=decimals),
        title=title,
    )
