"""Plans, opening balances and billing settings of an account."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import msgspec

from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.instant import text_from_us
from botmeter.domain.reason import checked_reason
from botmeter.ledger.duckdb_calls import records_of, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.plan_sessions import meter_plan_sessions, policies_metered_apart
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

GRACE_DAYS = 3
GRACE_DAYS_MAX = 28
"""As long as the shortest cycle: no cycle ends while the one before is in grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """Plan to bill by from an instant (µs UTC) on."""

    from_at: int
    label: str
    definition: str
    policies: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlanTerm:
    """Plan as it was set; instants in µs UTC, `undone_at` None: in force."""

    number: int
    from_at: int
    label: str
    definition: str
    policies: str
    recorded_at: int
    set_by: str | None
    reason: str | None
    undone_at: int | None
    undone_by: str | None
    undone_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPack:
    """Rest of a pack that was bought before; None: it never expires (µs UTC)."""

    units_left: Decimal
    pack_units: Decimal
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """Units used and left of a plan's meter when billing began (`as_of`, µs UTC).

    Raises:
        Refused: `opening_balance_invalid`.
    """

    meter: int = 0
    as_of: int
    allowance_used: Decimal = Decimal(0)
    packs: tuple[OpeningPack, ...] = ()

    def __post_init__(self) -> None:
        units = [self.allowance_used, *(number for pack in self.packs for number in (pack.units_left, pack.pack_units))]
        bad = next((number for number in units if not number.is_finite() or number < 0), None)
        over = next((pack for pack in self.packs if pack.units_left > pack.pack_units), None)
        if bad is not None or self.meter < 0:
            raise Refused("opening_balance_invalid", f"The opening balance has {bad} units. Use a number from 0 on.")
        if over is not None:
            raise Refused(
                "opening_balance_invalid",
                f"The opening balance has {over.units_left} units left of a pack of {over.pack_units}.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOpeningBalance:
    """Opening balance as it was recorded."""

    number: int
    balance: OpeningBalance
    recorded_at: int
    set_by: str | None
    reason: str | None


def plan_terms(ledger: ReadableLedger, *, with_withdrawn: bool = False) -> list[StoredPlanTerm]:
    """Plans in force, or also those withdrawn, in order of their first instants."""
    return _terms(ledger.connection, with_withdrawn=with_withdrawn)


def add_plan_term(
    ledger: Ledger, change: PlanChange, *, now_us: int, by: str | None = None, reason: str | None = None
) -> int:
    """Put a plan in force from an instant, and meter under its policies; return the term's number.

    Raises:
        Conflict: `plan_term_exists` if another plan begins then.
        Refused: `reason_invalid`.
    """
    values = [change.from_at, change.label, change.definition, change.policies, now_us, by]
    values.append(None if reason is None else checked_reason(reason))
    with ledger.transaction() as connection:
        for term in _terms(connection, with_withdrawn=False):
            if term.from_at == change.from_at:
                raise Conflict(
                    "plan_term_exists",
                    f"Plan {term.label} already begins at {text_from_us(change.from_at)}. Withdraw it first, or choose "
                    "another day.",
                )
        with _metered_anew(ledger):
            return int(row_of(connection, sql("insert_plan_term"), values=values)[0])


def withdraw_plan_term(
    ledger: Ledger, number: int, *, reason: str, now_us: int, by: str | None = None
) -> StoredPlanTerm:
    """Withdraw a plan from which nothing has followed yet; return the term as it was.

    Raises:
        Missing: `plan_term_unknown`.
        Conflict: `plan_term_withdrawn`, or `plan_term_used` if a statement is closed or packs were bought since.
        Refused: `reason_invalid`.
    """
    checked = checked_reason(reason)
    with ledger.transaction() as connection:
        term = next((each for each in _terms(connection, with_withdrawn=True) if each.number == number), None)
        if term is None:
            raise Missing("plan_term_unknown", f"Account {ledger.account.name} has no plan term {number}.")
        if term.undone_at is not None:
            raise Conflict("plan_term_withdrawn", f"Plan term {number} ({term.label}) is withdrawn already.")
        statement, purchase = row_of(connection, sql("effects_since"), values={"from_at": term.from_at})
        if statement or purchase:
            effect = f"statement {statement} was closed" if statement else f"purchase {purchase} was made"
            raise Conflict(
                "plan_term_used",
                f"Plan term {number} ({term.label}) can't be withdrawn: {effect} since "
                f"{text_from_us(term.from_at)}. Set another plan from the next cycle.",
            )
        with _metered_anew(ledger):
            connection.execute(
                sql("withdraw_plan_term"), {"number": number, "now": now_us, "by": by, "reason": checked}
            )
    return term


def opening_balances(ledger: ReadableLedger, *, with_replaced: bool = False) -> list[StoredOpeningBalance]:
    """Each meter's opening balance; or all, in order of recording."""
    rows = ledger.connection.execute(sql("opening_balances"), {"with_replaced": with_replaced}).fetchall()
    return [
        StoredOpeningBalance(
            number=number,
            balance=OpeningBalance(
                meter=meter,
                as_of=as_of,
                allowance_used=Decimal(used),
                packs=msgspec.json.decode(packs, type=tuple[OpeningPack, ...]),
            ),
            recorded_at=recorded_at,
            set_by=set_by,
            reason=reason,
        )
        for number, meter, as_of, used, packs, recorded_at, set_by, reason in rows
    ]


def set_opening_balance(
    ledger: Ledger, balance: OpeningBalance, *, now_us: int, by: str | None = None, reason: str | None = None
) -> int:
    """Record the balance with which a meter began, in place of any earlier one; return its number.

    Raises:
        Refused: `reason_invalid`.
    """
    packs = msgspec.json.encode(balance.packs).decode()
    values = [balance.meter, balance.as_of, str(balance.allowance_used), packs, now_us, by]
    values.append(None if reason is None else checked_reason(reason))
    with ledger.facts_transaction() as connection:
        return int(row_of(connection, sql("insert_opening_balance"), values=values)[0])


def grace_days(ledger: ReadableLedger) -> int:
    """Days between a cycle's end and its closing."""
    days: int | None = row_of(ledger.connection, sql("grace_days"))[0]
    return GRACE_DAYS if days is None else days


def set_grace_days(ledger: Ledger, days: int, *, now_us: int, by: str | None = None) -> None:
    """Set the days between a cycle's end and its closing.

    Raises:
        Refused: `grace_days_invalid`.
    """
    if not 0 <= days <= GRACE_DAYS_MAX:
        raise Refused("grace_days_invalid", f"The grace period can't be {days:,} days. Use 0 to {GRACE_DAYS_MAX}.")
    if days == grace_days(ledger):
        return
    with ledger.facts_transaction() as connection:
        connection.execute(sql("insert_billing_term"), [now_us, days, by])


@contextmanager
def _metered_anew(ledger: Ledger) -> Iterator[None]:
    before = policies_metered_apart(ledger.connection, ledger.schedule)
    yield
    if policies_metered_apart(ledger.connection, ledger.schedule) != before:
        meter_plan_sessions(ledger)


def _terms(connection: duckdb.DuckDBPyConnection, *, with_withdrawn: bool) -> list[StoredPlanTerm]:
    rows = connection.execute(sql("plan_terms"), {"with_withdrawn": with_withdrawn}).fetchall()
    return records_of(StoredPlanTerm, rows)
