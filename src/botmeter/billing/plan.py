"""Plans: self-checking price rules.

Source: DESIGN.md §5; `docs/concepts/plans.md` has the rules in words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal, get_args

from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.domain.money import decimals_of
from botmeter.domain.time_zone import is_timezone

Every = Literal["month", "quarter", "half_year", "year"]
AllowancePer = Literal["cycle", "month", "account"]
BeyondKind = Literal["stop", "price", "graduated", "volume", "package"]
Charged = Literal["charged", "free"]
Confidence = Literal["vendor", "secondary"]

MONTHS_OF: Final[dict[Every, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}

# With these limits, and 12 digits of a count of sessions, every product and sum has less than the digits of
# `money.exact`, and units, multiplied by 10**WEIGHT_DECIMALS_MAX, are within int64.
AMOUNT_END: Final = Decimal(10) ** 12
AMOUNT_DECIMALS_MAX: Final = 9
WEIGHT_MAX: Final = Decimal(10) ** 6
WEIGHT_DECIMALS_MAX: Final = 4
RATE_DECIMALS_MAX: Final = 6
UNITS_MAX: Final = 10**9
PACKS_MAX: Final = 10**4
# More than any published plan has: 4 tiers, 2 meters, 3 policies.
TIERS_MAX: Final = 100
METERS_MAX: Final = 10
POLICIES_MAX: Final = 20
SOURCE_CHARACTERS_MAX: Final = 300
VERSION_MAX: Final = 2**31 - 1
LAPSE_DAYS_MAX: Final = 36_525
# Room for cycles before and after any data, within the calendar.
ANCHOR_FIRST_ON: Final = date(1900, 1, 1)
ANCHOR_LAST_ON: Final = date(2999, 12, 31)

_LAPSE: Final = re.compile(r"([1-9]\d{0,5})d", re.ASCII)


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

    @property
    def lapses_after_us(self) -> int | None:
        """Elapsed time, if it lapses by that."""
        match = _LAPSE.fullmatch(self.lapses)
        return None if match is None else int(match[1]) * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Recharge:
    """Packs bought when fewer units than `below` are left.

    Attributes:
        most_per_cycle: In packs; None: no limit.
    """

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
    previews: Charged = "charged"
    test: Charged = "free"
    allowance: Allowance | None = None
    pack: Pack | None = None
    recharge: Recharge | None = None
    beyond: Beyond = field(default_factory=Beyond)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Source of a published price, as of the day on which it was seen."""

    source: str
    seen_on: date
    effective_from: date | None = None
    effective_to: date | None = None
    confidence: Confidence = "vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Named, versioned price rule.

    Attributes:
        tax_rate: Fraction of the taxable sum; None: no tax line.

    Raises:
        Refused: `plan_invalid`.
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

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise Refused("plan_invalid", f"Plan {self.label:.80}: {problem}")

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def meter(self, number: int) -> Meter:
        """Meter by its number.

        Raises:
            Refused: `meter_unknown`.
        """
        if not 0 <= number < len(self.meters):
            last = len(self.meters) - 1
            allowed = "Its only meter is 0." if last == 0 else f"Use 0 to {last}."
            raise Refused("meter_unknown", f"Plan {self.label} has no meter {number}. {allowed}")
        return self.meters[number]

    def pack(self, number: int) -> Pack:
        """Pack of a meter.

        Raises:
            Refused: `meter_unknown`, `plan_without_packs`.
        """
        pack = self.meter(number).pack
        if pack is None:
            of_meter = "" if len(self.meters) == 1 else f" in meter {number}"
            raise Refused("plan_without_packs", f"Plan {self.label} sells no packs{of_meter}, so none can be bought.")
        return pack


def meter_key(number: int, count: int) -> str:
    """Prefix of a meter's keys in messages; meters count from 0, as in statements."""
    return "meter." if count == 1 else f"meter[{number}]."


def _problems(plan: Plan) -> Iterator[str]:
    yield from _naming(plan)
    yield from _cycle_rule(plan.cycle)
    yield from _amount("fixed.fee", plan.fee)
    yield from _amount("fixed.minimum", plan.minimum)
    if plan.tax_rate is not None:
        yield from _decimal("tax.rate", plan.tax_rate, most=Decimal(1), decimals=RATE_DECIMALS_MAX)
    if not 1 <= len(plan.meters) <= METERS_MAX:
        yield f"a plan has 1 to {METERS_MAX} meters, not {len(plan.meters)}."
    for number, meter in enumerate(plan.meters):
        yield from _meter(meter, at=meter_key(number, len(plan.meters)))


def _naming(plan: Plan) -> Iterator[str]:
    if not 0 < len(plan.name) <= 64:
        yield "the name must have 1 to 64 characters."
    if not plan.name.isprintable() or "@" in plan.name:
        yield "the name can't contain @ or unprintable characters."
    yield from _count("version", plan.version, least=1, most=VERSION_MAX)
    if fault := display_name_fault(plan.title):
        yield f"the title is not valid: {fault}."
    try:
        decimals_of(plan.currency)
    except Refused as refused:
        yield f"currency: {refused.message}"
    published = plan.published
    if published is None:
        return
    yield from _name("confidence", published.confidence, allowed=get_args(Confidence))
    if not 0 < len(published.source) <= SOURCE_CHARACTERS_MAX or not published.source.isprintable():
        yield f"source must have 1 to {SOURCE_CHARACTERS_MAX} printable characters; it names the published price."
    first, last = published.effective_from, published.effective_to
    if first is not None and last is not None and last < first:
        yield f"effective_to is {last}, before effective_from, {first}."


def _cycle_rule(rule: CycleRule) -> Iterator[str]:
    yield from _name("cycle.every", rule.every, allowed=get_args(Every))
    if rule.anchor is not None and not ANCHOR_FIRST_ON <= rule.anchor <= ANCHOR_LAST_ON:
        yield f"cycle.anchor must be from {ANCHOR_FIRST_ON} to {ANCHOR_LAST_ON}, not {rule.anchor}."
    if not is_timezone(rule.timezone):
        yield f"cycle.timezone {rule.timezone[:40]!r} is not in the IANA time zone database."


def _meter(meter: Meter, *, at: str) -> Iterator[str]:
    if len(meter.policies) > POLICIES_MAX:
        yield f"{at}policies names {len(meter.policies)} policies; the limit is {POLICIES_MAX}."
    if len(set(meter.policies)) < len(meter.policies):
        yield f"{at}policies contains a name twice."
    for name in meter.policies:
        if not 0 < len(name) <= 80 or not name.isprintable():
            yield f"{at}policies must contain names of 1 to 80 printable characters, not {name[:80]!r}."
    yield from _decimal(f"{at}weight", meter.weight, most=WEIGHT_MAX, decimals=WEIGHT_DECIMALS_MAX)
    if meter.weight == 0:
        yield f"{at}weight must be above 0."
    yield from _name(f"{at}previews", meter.previews, allowed=get_args(Charged))
    yield from _name(f"{at}test", meter.test, allowed=get_args(Charged))
    yield from _grants(meter, at=at)
    yield from _beyond(meter.beyond, at=f"{at}beyond.")


def _grants(meter: Meter, *, at: str) -> Iterator[str]:
    allowance, pack, recharge = meter.allowance, meter.pack, meter.recharge
    if allowance is not None:
        yield from _count(f"{at}allowance.sessions", allowance.sessions, least=0, most=UNITS_MAX)
        yield from _name(f"{at}allowance.per", allowance.per, allowed=get_args(AllowancePer))
        if allowance.forfeited_on_purchase and pack is None:
            yield f"{at}allowance.forfeited_on_purchase needs a pack."
    if pack is not None:
        yield from _count(f"{at}pack.sessions", pack.sessions, least=1, most=UNITS_MAX)
        yield from _amount(f"{at}pack.price", pack.price)
        yield from _count(f"{at}pack.least_per_cycle", pack.least_per_cycle, least=0, most=PACKS_MAX)
        if pack.lapses not in ("cycle_end", "never") and not 0 < (pack.lapses_after_us or 0) <= LAPSE_DAYS_MAX * DAY_US:
            yield (
                f"{at}pack.lapses must be cycle_end, never, or 1d to {LAPSE_DAYS_MAX}d such as 90d, "
                f"not {pack.lapses[:40]!r}."
            )
    if recharge is None:
        return
    if pack is None:
        yield f"{at}recharge needs a pack."
    yield from _count(f"{at}recharge.below", recharge.below, least=1, most=UNITS_MAX)
    yield from _count(f"{at}recharge.packs", recharge.packs, least=1, most=PACKS_MAX)
    if recharge.most_per_cycle is not None:
        # With less, it could never buy.
        yield from _count(f"{at}recharge.most_per_cycle", recharge.most_per_cycle, least=recharge.packs, most=PACKS_MAX)


# The keys that a kind of `beyond` needs; it has no others but a cap.
_BEYOND_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "stop": (),
    "price": ("price",),
    "package": ("price", "sessions"),
    "graduated": ("tiers",),
    "volume": ("tiers",),
}


def _beyond(beyond: Beyond, *, at: str) -> Iterator[str]:
    yield from _name(f"{at}kind", beyond.kind, allowed=get_args(BeyondKind))
    needed = _BEYOND_KEYS.get(beyond.kind, ())
    for key in ("price", "sessions", "tiers"):
        value = getattr(beyond, key)
        is_there = value is not None and value != ()
        if is_there != (key in needed):
            yield f"{at}{key} {'does not go with' if is_there else 'is missing for'} kind {beyond.kind}."
    if beyond.price is not None:
        yield from _amount(f"{at}price", beyond.price)
    if beyond.sessions is not None:
        yield from _count(f"{at}sessions", beyond.sessions, least=1, most=UNITS_MAX)
    if beyond.cap is not None:
        if not needed:
            yield f"{at}cap needs a price: with kind stop no session beyond the grants is charged."
        yield from _amount(f"{at}cap", beyond.cap)
        if beyond.cap == 0:
            yield f"{at}cap must be above 0. To charge nothing beyond the grants, use kind stop."
    yield from _tiers(beyond.tiers, at=f"{at}tiers")


def _tiers(tiers: tuple[Tier, ...], *, at: str) -> Iterator[str]:
    if len(tiers) > TIERS_MAX:
        yield f"{at} has {len(tiers)} tiers; the limit is {TIERS_MAX}."
    for number, tier in enumerate(tiers, start=1):
        yield from _amount(f"{at}: price of tier {number}", tier.price)
        yield from _amount(f"{at}: flat of tier {number}", tier.flat)
        if tier.up_to is not None:
            yield from _count(f"{at}: up_to of tier {number}", tier.up_to, least=1, most=UNITS_MAX)
        elif number < len(tiers):
            yield f"{at}: tier {number} has no up_to; only the last tier has no end."
    for number, (before, after) in enumerate(pairwise(tiers), start=2):
        if before.up_to is not None and after.up_to is not None and after.up_to <= before.up_to:
            yield (
                f"{at}: tier {number} ends at {after.up_to}, and tier {number - 1} at {before.up_to}. "
                "Each tier must end above the one before."
            )
    if tiers and tiers[-1].up_to is not None:
        yield f"{at}: the last tier must have no up_to; sessions above {tiers[-1].up_to} have no price."


def _name(key: str, value: str, *, allowed: tuple[str, ...]) -> Iterator[str]:
    if value not in allowed:
        yield f"{key} has the invalid value {value[:40]!r}. Use {', '.join(allowed)}."


def _count(key: str, value: int, *, least: int, most: int) -> Iterator[str]:
    if not least <= value <= most:
        yield f"{key} must be from {least} to {most}, not {str(value)[:40]}."


def _amount(key: str, value: Decimal) -> Iterator[str]:
    yield from _decimal(key, value, most=AMOUNT_END - 1, decimals=AMOUNT_DECIMALS_MAX)


def _decimal(key: str, value: Decimal, *, most: Decimal, decimals: int) -> Iterator[str]:
    if not value.is_finite() or not 0 <= value <= most:
        yield f"{key} must be from 0 to {most:f}, not {str(value)[:40]}."
        return
    _, digits, exponent = value.as_tuple()
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if value and isinstance(exponent, int) and -exponent - trailing > decimals:
        yield f"{key} can have {decimals} decimals, and {str(value)[:40]} has {-exponent - trailing}."
