"""Plans: self-checking price rules.

Source: DESIGN.md §5; `docs/concepts/plans.md` has the rules in words.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal

Every = Literal["month", "quarter", "half_year", "year"]
AllowancePer = Literal["cycle", "month", "account"]
BeyondKind = Literal["stop", "price", "graduated", "volume", "package"]
Confidence = Literal["vendor", "secondary"]

MONTHS_OF: Final[dict[Every, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRule:
    """Billing period; `anchor` is the first day of some cycle, None: the day the plan begins."""

    every: Every = "month"
    anchor: date | None = None
    timezone: str = "UTC"
    prorate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Units that a plan includes."""

    sessions: int
    per: AllowancePer = "cycle"
    forfeited_on_purchase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Units that are bought together.

    Attributes:
        lapses: `cycle_end`, `never`, or elapsed time such as `90d`.
        least_per_cycle: In packs.
    """

    sessions: int
    price: Decimal
    lapses: str = "cycle_end"
    recurring: bool = False
    least_per_cycle: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recharge:
    """Packs bought when fewer units than `below` are left; None: no limit per cycle."""

    below: int
    packs: int = 1
    most_per_cycle: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Price of units up to a count, included, beyond all grants; None: no end. `flat` is charged once it is entered."""

    price: Decimal
    up_to: int | None = None
    flat: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """Charge for units beyond all grants.

    Attributes:
        price: For `price`; for `package`, of each begun package of `sessions` units.
        cap: Amount per cycle; the session that would pass it, and later ones, are stopped.
    """

    kind: BeyondKind = "stop"
    price: Decimal | None = None
    sessions: int | None = None
    tiers: tuple[Tier, ...] = ()
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One count of sessions with its grants and prices; no policies: the account's own."""

    policies: tuple[str, ...] = ()
    weight: Decimal = Decimal(1)
    previews: Literal["charged", "free"] = "charged"
    test: Literal["charged", "free"] = "free"
    allowance: Allowance | None = None
    pack: Pack | None = None
    recharge: Recharge | None = None
    beyond: Beyond = field(default_factory=Beyond)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Source of a published price, as of the day on which it was seen."""

    title: str
    source: str
    seen_on: date
    effective_from: date | None = None
    effective_to: date | None = None
    confidence: Confidence = "vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A named, versioned price rule.

    Attributes:
        tax_rate: Fraction of the taxable sum; None: no tax line.
    """

    name: str
    version: int = 1
    currency: str
    title: str = ""
    published: Published | None = None
    cycle: CycleRule = field(default_factory=CycleRule)
    meters: tuple[Meter, ...] = (Meter(),)
    fee: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    tax_rate: Decimal | None = None

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"
