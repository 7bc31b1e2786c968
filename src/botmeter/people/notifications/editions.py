"""Editions: the report or statement of a slot."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from botmeter.billing.stated import read_document
from botmeter.domain.errors import Missing
from botmeter.domain.instant import datetime_from_us
from botmeter.domain.period import Period
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statements
from botmeter.people.notifications.slots import Cadence, Slot, Timing

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Report or statement of a slot.

    Attributes:
        slot: Name of a day or a statement; used once.
        period: Days of a report.
        statement: Number of the statement; empty for none.
    """

    slot: str
    due_at: datetime
    period: Period
    statement: str = ""


def report_edition(slot: Slot, *, timing: Timing) -> Edition:
    """Last whole days before a slot."""
    return Edition(slot=slot.key, due_at=slot.due_at, period=timing.period_before(slot.on))


def cycle_edition(statement: ClosedStatement, *, timing: Timing) -> Edition:
    """Days of a closed cycle, at the next hour."""
    cycle = read_document(statement)["cycle"]
    period = Period(
        first_on=date.fromisoformat(cycle["first_day"]),
        last_on=date.fromisoformat(cycle["last_day"]),
        timezone=cycle["timezone"],
    )
    return Edition(
        slot=f"statement {statement.number}",
        due_at=timing.next_slot(after=datetime_from_us(statement.closed_at)).due_at,
        period=period,
        statement=statement.number,
    )


def statement_edition(statement: ClosedStatement, *, timing: Timing, slot: Slot, is_once: bool) -> Edition:
    """Newest statement at a slot; `is_once` sends it at its first one only."""
    edition = replace(cycle_edition(statement, timing=timing), due_at=slot.due_at)
    return edition if is_once else replace(edition, slot=slot.key)


def sample_edition(ledger: "ReadableLedger", *, timing: Timing, is_statement: bool, now: datetime) -> Edition:
    """Newest edition; raises Missing `statement_unknown`."""
    newest = closed_statements(ledger)[-1:] if is_statement or timing.cadence is Cadence.CYCLE_CLOSE else []
    if newest:
        return cycle_edition(newest[0], timing=timing)
    if is_statement:
        raise Missing("statement_unknown", f"Account {ledger.account.name} has no closed statement yet.")
    return report_edition(timing.newest_slot(at=now), timing=timing)
