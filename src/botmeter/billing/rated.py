"""Rated cycles: which grant or price funds each session, and the lines that follow."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from botmeter.billing.cycle import Cycle
from botmeter.billing.plan import Plan

GrantKind = Literal["allowance", "pack"]
LineKind = Literal["fee", "purchase", "beyond", "minimum", "adjustment", "carried"]


class Funding(IntEnum):
    """Kind of grant or price that pays for a session, or the reason why none does."""

    ALLOWANCE = 0
    PACK = 1
    BEYOND = 2
    STOPPED = 3
    VOID = 4
    TEST = 5
    PREVIEW_FREE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Units available from an instant to an expiry (µs UTC, exclusive; None: never).

    Attributes:
        number: From 1 within its kind and meter, in the order of burning.
        price: Exact price of a pack's units; 0 for an allowance.
        purchase_no: The purchase that brought a pack; None: an allowance or an opening balance.
    """

    kind: GrantKind
    number: int
    units: Decimal
    start_us: int
    expires_us: int | None
    price: Decimal = Decimal(0)
    purchase_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantUse:
    """Units of a grant used in a cycle, lapsed in it, and left at its end."""

    grant: Grant
    used: Decimal
    lapsed: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMeter:
    """One meter's sessions of a cycle, in rating order.

    Attributes:
        funding: `Funding` by session.
        funding_number: By session, the grant's number or the tier's, from 1; 0 for the other kinds.
    """

    funding: npt.NDArray[np.uint8]
    funding_number: npt.NDArray[np.int32]
    grants: tuple[GrantUse, ...]
    beyond_units: Decimal
    beyond_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Printed line; `amount` is rounded, `unit_price` exact or None."""

    kind: LineKind
    label: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    amount: Decimal
    meter: int | None = None


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
