"""Rated cycles: which grant or price funds each session, and the lines that follow."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.billing.cycle import Cycle
from botmeter.billing.plan import Beyond, Plan

GrantKind = Literal["allowance", "pack"]
LineKind = Literal["fee", "purchase", "beyond", "minimum", "adjustment", "carried"]


class Funding(IntEnum):
    """Kind of grant or price that pays for a session, or the reason why none does.

    `OPENING`: it started before the opening balance of its cycle, which has what it used.
    """

    ALLOWANCE = 0
    PACK = 1
    BEYOND = 2
    STOPPED = 3
    VOID = 4
    TEST = 5
    PREVIEW_FREE = 6
    OPENING = 7


# As exports and statements call them in the column `charge`.
CHARGE_OF: Final = {
    Funding.ALLOWANCE: "charged",
    Funding.PACK: "charged",
    Funding.BEYOND: "charged",
    Funding.STOPPED: "stopped",
    Funding.VOID: "void",
    Funding.TEST: "test",
    Funding.PREVIEW_FREE: "preview_free",
    Funding.OPENING: "charged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Units available from an instant to an expiry (µs UTC, exclusive; None: never).

    Attributes:
        number: From 1 within its kind and meter, in the order of burning; of several packs, that of the first.
        price: Exact price of one pack; 0 for an allowance.
        forfeits: Lapses at the next purchase.
    """

    kind: GrantKind
    number: int
    units: Decimal
    start_us: int
    expires_us: int | None
    price: Decimal = Decimal(0)
    packs: int = 1
    purchase_no: int | None = None
    forfeits: bool = False
    per_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantUse:
    """Units of a grant: used before the cycle, used in it, lapsed in it, and left. They add up to its units."""

    grant: Grant
    before: Decimal
    used: Decimal
    lapsed: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Spill:
    """Units of one session beyond the grant or tier of its first unit.

    Attributes:
        session: Position in rating order.
        number: As `RatedMeter.funding_number`.
    """

    session: int
    funding: Funding
    number: int
    units: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondCharge:
    """Exact price of units beyond all grants, by tier.

    Attributes:
        tier: From 1; None: not of one tier.
        unit: What `quantity` counts; a `tier` has a flat price.
    """

    rule: Beyond
    tier: int | None
    unit: Literal["units", "packages", "tier"]
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMeter:
    """One meter's sessions of a cycle, in rating order.

    Attributes:
        funding: `Funding` by session, that of its first unit.
        funding_number: By session, the pack's number or the graduated tier's, from 1; 0 for the rest.
        weights: By span of sessions with one weight: its end, and the units of a session.
    """

    funding: npt.NDArray[np.uint8]
    funding_number: npt.NDArray[np.int32]
    spills: tuple[Spill, ...]
    weights: tuple[tuple[int, Decimal], ...]
    grants: tuple[GrantUse, ...]
    beyond: tuple[BeyondCharge, ...]
    beyond_units: Decimal
    beyond_amount: Decimal

    def counts(self) -> dict[Funding, int]:
        counts = np.bincount(self.funding, minlength=len(Funding))
        return {funding: int(counts[funding]) for funding in Funding}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Printed line; `amount` is rounded, `unit_price` exact or None.

    Attributes:
        tier: Graduated tier, as `RatedMeter.funding_number`; None: not of one tier.
    """

    kind: LineKind
    label: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    amount: Decimal
    meter: int | None = None
    tier: int | None = None
    pack_units: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedCycle:
    """Cost of a cycle. `subtotal` is the sum of the lines, `total` that and the tax."""

    cycle: Cycle
    plan: Plan
    meters: tuple[RatedMeter, ...]
    lines: tuple[Line, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedGrant:
    """Grant that outlives a cycle, and its units left."""

    grant: Grant
    left: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedMeter:
    """Grants that one meter carries on; `is_granted`: the allowance per account was granted once."""

    grants: tuple[CarriedGrant, ...] = ()
    is_granted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Grants left to the next cycle, by meter."""

    meters: tuple[CarriedMeter, ...] = ()

    def of(self, meter: int) -> CarriedMeter:
        return self.meters[meter] if meter < len(self.meters) else CarriedMeter()


NOTHING_CARRIED: Final = Carried()


def funding_text(funding: Funding, number: int) -> str:
    """Funding as statements name it, such as `pack 3`."""
    name = funding.name.lower()
    return f"{name} {number}" if number else name


def funding_texts(meter: RatedMeter) -> pa.DictionaryArray:
    """Funding by session, as text."""
    kinds = meter.funding.astype(np.int64) << 32 | meter.funding_number
    distinct, codes = np.unique(kinds, return_inverse=True)
    names = [funding_text(Funding(int(kind) >> 32), int(kind) & 0xFFFFFFFF) for kind in distinct]
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names, pa.string()))


def charge_texts(meter: RatedMeter) -> pa.DictionaryArray:
    """Charge by session: charged, void, test, stopped or preview_free."""
    names = sorted(set(CHARGE_OF.values()))
    code_of = np.array([names.index(CHARGE_OF[funding]) for funding in Funding], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(code_of[meter.funding]), pa.array(names))
