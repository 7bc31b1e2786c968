"""Differences between a cycle's two plans, each linked to its cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from botmeter.billing.funding_words import FUNDING_WORDS
from botmeter.billing.rated import Line
from botmeter.billing.what_if import funding_moves, kind_differences
from botmeter.domain import text
from botmeter.domain.money_text import change_in_money, money_text
from botmeter.web.components import Cell, Column, count_cell
from botmeter.web.pages.billing.what_if_case import Comparison

_KINDS: Final = {
    "fee": "Fee",
    "purchase": "Packs",
    "beyond": "Sessions at a price",
    "minimum": "Top-up to the minimum",
    "tax": "Tax",
}
AMOUNT_COLUMNS: Final = (
    Column(label="Charge"),
    Column(label="As it was", variant="r"),
    Column(label="Other plan", variant="r"),
    Column(label="Difference", variant="r"),
)
MOVE_COLUMNS: Final = (
    Column(label="As it was"),
    Column(label="Under the other plan"),
    Column(label="Sessions", variant="r"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Amounts that differ, and sessions that are funded otherwise; `note` says why these can't be told."""

    amount_columns: tuple[Column, ...]
    amounts: tuple[tuple[Cell, ...], ...]
    move_columns: tuple[Column, ...]
    moves: tuple[tuple[Cell, ...], ...]
    note: str


def differences(compared: Comparison, *, anchors: str) -> Differences:
    """List the differences; `anchors` start the ids of the other plan's lines on the page."""
    own, other = compared.bill.rated, compared.effect.rated
    is_same_money = own.plan.currency == other.plan.currency
    amounts = tuple(
        (
            Cell(value=_KINDS[each.kind]),
            Cell(
                value=money_text(each.before, own.plan.currency),
                href=_line_href(own.lines, each.kind, page=compared.statement_href, anchors="line"),
                variant="r num",
            ),
            Cell(
                value=money_text(each.after, other.plan.currency),
                href=_line_href(other.lines, each.kind, page="", anchors=anchors),
                variant="r num",
            ),
            Cell(
                value=change_in_money(each.after - each.before, own.plan.currency) if is_same_money else "",
                variant="r num",
            ),
        )
        for each in kind_differences(own, other)
    )
    return Differences(
        amount_columns=AMOUNT_COLUMNS,
        amounts=amounts,
        move_columns=MOVE_COLUMNS,
        moves=_moves(compared) if compared.has_same_sessions else (),
        note="" if compared.has_same_sessions else _count_note(compared),
    )


def _line_href(lines: Sequence[Line], kind: str, *, page: str, anchors: str) -> str:
    position = next((at for at, line in enumerate(lines, 1) if line.kind == kind), None)
    if position is None:
        return page
    return f"{page}#{anchors}-{position}"


def _moves(compared: Comparison) -> tuple[tuple[Cell, ...], ...]:
    own, other = compared.bill.rated.meters[0], compared.effect.rated.meters[0]
    return tuple(
        (
            Cell(value=FUNDING_WORDS[before]),
            Cell(value=FUNDING_WORDS[after]),
            count_cell(each.session_count, href=compared.sessions_href(funding=before, would=after)),
        )
        for each in funding_moves(own, other)
        for before, after in [(each.before.name.lower(), each.after.name.lower())]
    )


def _count_note(compared: Comparison) -> str:
    counts = [
        max((len(meter.funding) for meter in each.meters), default=0)
        for each in (compared.bill.rated, compared.effect.rated)
    ]
    return (
        f"Both plans count sessions differently ({text.count_text(counts[1])} instead of "
        f"{text.count_text(counts[0])}), so there is no session by session comparison."
    )
