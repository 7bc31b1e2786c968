"""Purchases and removals of packs. Rows stay; reversed ones don't count."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import duckdb

from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.reason import checked_reason
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

PACKS_MAX = 1_000_000
"""Of one purchase: a billion sessions even in packs of a thousand."""


class Purchasing(StrEnum):
    """Way in which packs are bought."""

    MANUAL = "manual"
    RECHARGE = "recharge"
    RECURRING = "recurring"
    LEAST = "least"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Packs of a plan's meter, usable from an instant to an expiry (µs UTC; None: never).

    Attributes:
        cycle_start: Of a recurring or least purchase, of which a cycle has one.

    Raises:
        Refused: `purchase_invalid`.
    """

    meter: int = 0
    how: Purchasing = Purchasing.MANUAL
    packs: int
    pack_units: Decimal
    pack_price: Decimal
    from_at: int
    expires_at: int | None = None
    cycle_start: int | None = None
    opening_key: int | None = None

    def __post_init__(self) -> None:
        if fault := _purchase_fault(self):
            raise Refused("purchase_invalid", f"The purchase is not valid: {fault}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPurchase:
    """Purchase, or the reversal of the one that it `reverses`."""

    number: int
    purchase: Purchase
    recorded_at: int
    set_by: str | None
    reason: str | None
    reverses: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPurchaseNumber:
    """Number of a purchase; `is_new` False: the cycle or session had it already."""

    number: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Recurring packs that are not bought from a cycle's start (`from_at`, µs UTC) on.

    Raises:
        Refused: `removal_invalid`.
    """

    meter: int = 0
    from_at: int
    packs: int

    def __post_init__(self) -> None:
        if self.meter < 0 or not 1 <= self.packs <= PACKS_MAX:
            raise Refused("removal_invalid", f"{self.packs:,} packs can't be removed. Use 1 to {PACKS_MAX:,}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRemoval:
    """Removal, or the reversal of the one that it `reverses`."""

    number: int
    removal: Removal
    recorded_at: int
    set_by: str | None
    reason: str | None
    reverses: int | None


def purchases(ledger: ReadableLedger, *, with_reversed: bool = False) -> list[StoredPurchase]:
    """Purchases in force by their beginning; or everything, in order of recording."""
    rows = ledger.connection.execute(sql("purchases"), {"number": None, "with_reversed": with_reversed}).fetchall()
    return [_stored_purchase(row) for row in rows]


def add_purchase(
    ledger: Ledger, purchase: Purchase, *, now_us: int, by: str | None = None, reason: str | None = None
) -> StoredPurchaseNumber:
    """Record a purchase, unless its cycle or session has it already.

    Raises:
        Refused: `reason_invalid`.
    """
    with ledger.facts_transaction() as connection:
        return insert_purchases(connection, [purchase], now_us=now_us, by=by, reason=reason)[0]


def insert_purchases(
    connection: duckdb.DuckDBPyConnection,
    bought: Sequence[Purchase],
    *,
    now_us: int,
    by: str | None = None,
    reason: str | None = None,
) -> list[StoredPurchaseNumber]:
    """Record purchases as `add_purchase`, within a transaction."""
    checked = None if reason is None else checked_reason(reason)
    return [_inserted(connection, each, recorded=[now_us, by, checked, None]) for each in bought]


def reverse_purchase(ledger: Ledger, number: int, *, reason: str, now_us: int, by: str | None = None) -> int:
    """Reverse a purchase; return the reversal's number.

    Raises:
        Missing: `purchase_unknown`.
        Conflict: `purchase_reversed`.
        Refused: `reason_invalid`.
    """
    checked = checked_reason(reason)
    with ledger.facts_transaction() as connection:
        rows = connection.execute(sql("purchases"), {"number": number, "with_reversed": True}).fetchall()
        own = [_stored_purchase(row) for row in rows]
        stored = next((each for each in own if each.number == number and each.reverses is None), None)
        if stored is None:
            raise Missing("purchase_unknown", f"Account {ledger.account.name} has no purchase {number}.")
        if len(own) > 1:
            raise Conflict("purchase_reversed", f"Purchase {number} is reversed already.")
        return _insert(connection, stored.purchase, recorded=[now_us, by, checked, number])


def removals(ledger: ReadableLedger, *, with_reversed: bool = False) -> list[StoredRemoval]:
    """Removals in force in order of their cycles; or everything, in order of recording."""
    return _removals(ledger.connection, number=None, with_reversed=with_reversed)


def add_removal(
    ledger: Ledger, removal: Removal, *, now_us: int, by: str | None = None, reason: str | None = None
) -> int:
    """Record that recurring packs end; return the removal's number.

    Raises:
        Refused: `reason_invalid`.
    """
    checked = None if reason is None else checked_reason(reason)
    with ledger.facts_transaction() as connection:
        return _insert_removal(connection, removal, recorded=[now_us, by, checked, None])


def reverse_removal(ledger: Ledger, number: int, *, reason: str, now_us: int, by: str | None = None) -> int:
    """Reverse a removal; return the reversal's number.

    Raises:
        Missing: `removal_unknown`.
        Conflict: `removal_reversed`.
        Refused: `reason_invalid`.
    """
    checked = checked_reason(reason)
    with ledger.facts_transaction() as connection:
        own = _removals(connection, number=number, with_reversed=True)
        stored = next((each for each in own if each.number == number and each.reverses is None), None)
        if stored is None:
            raise Missing("removal_unknown", f"Account {ledger.account.name} has no removal {number}.")
        if len(own) > 1:
            raise Conflict("removal_reversed", f"Removal {number} is reversed already.")
        return _insert_removal(connection, stored.removal, recorded=[now_us, by, checked, number])


def _purchase_fault(purchase: Purchase) -> str | None:
    amounts = {"units of a pack": purchase.pack_units, "price of a pack": purchase.pack_price}
    if bad := next((name for name, amount in amounts.items() if not amount.is_finite() or amount < 0), None):
        return f"the {bad} must be a number from 0 on"
    if purchase.meter < 0 or not 1 <= purchase.packs <= PACKS_MAX or purchase.pack_units == 0:
        return f"it has {purchase.packs:,} packs of {purchase.pack_units} units; use 1 to {PACKS_MAX:,} packs"
    if purchase.expires_at is not None and purchase.expires_at <= purchase.from_at:
        return "the packs expire before they can be used"
    if (purchase.cycle_start is None) is (purchase.how in (Purchasing.RECURRING, Purchasing.LEAST)):
        return "recurring and least purchases, and no others, belong to a cycle"
    if (purchase.opening_key is None) is (purchase.how is Purchasing.RECHARGE):
        return "a recharge, and no other purchase, has a session that triggered it"
    return None


def _inserted(
    connection: duckdb.DuckDBPyConnection, purchase: Purchase, *, recorded: Sequence[object]
) -> StoredPurchaseNumber:
    """Insert a purchase unless it is there: the server settles a cycle again after a failure."""
    occasion = {
        "meter": purchase.meter,
        "how": str(purchase.how),
        "cycle_start": purchase.cycle_start,
        "opening_key": purchase.opening_key,
    }
    existing = row_of(connection, sql("purchase_of"), values=occasion)[0]
    if existing is not None:
        return StoredPurchaseNumber(number=existing, is_new=False)
    return StoredPurchaseNumber(number=_insert(connection, purchase, recorded=recorded), is_new=True)


def _insert(connection: duckdb.DuckDBPyConnection, purchase: Purchase, *, recorded: Sequence[object]) -> int:
    values = [
        *(purchase.meter, str(purchase.how), purchase.packs, str(purchase.pack_units), str(purchase.pack_price)),
        *(purchase.from_at, purchase.expires_at, purchase.cycle_start, purchase.opening_key, *recorded),
    ]
    return int(row_of(connection, sql("insert_purchase"), values=values)[0])


def _stored_purchase(row: Sequence[Any]) -> StoredPurchase:
    number, meter, how, packs, units, price, from_at, expires_at, cycle_start, opening_key = row[:10]
    recorded_at, set_by, reason, reverses = row[10:]
    return StoredPurchase(
        number=number,
        purchase=Purchase(
            meter=meter,
            how=Purchasing(how),
            packs=packs,
            pack_units=Decimal(units),
            pack_price=Decimal(price),
            from_at=from_at,
            expires_at=expires_at,
            cycle_start=cycle_start,
            opening_key=opening_key,
        ),
        recorded_at=recorded_at,
        set_by=set_by,
        reason=reason,
        reverses=reverses,
    )


def _insert_removal(connection: duckdb.DuckDBPyConnection, removal: Removal, *, recorded: Sequence[object]) -> int:
    values = [removal.meter, removal.from_at, removal.packs, *recorded]
    return int(row_of(connection, sql("insert_removal"), values=values)[0])


def _removals(connection: duckdb.DuckDBPyConnection, *, number: int | None, with_reversed: bool) -> list[StoredRemoval]:
    values = {"number": number, "with_reversed": with_reversed}
    return [
        StoredRemoval(
            number=row[0],
            removal=Removal(meter=row[1], from_at=row[2], packs=row[3]),
            recorded_at=row[4],
            set_by=row[5],
            reason=row[6],
            reverses=row[7],
        )
        for row in connection.execute(sql("removals"), values).fetchall()
    ]
