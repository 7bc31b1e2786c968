"""Grants of a meter in a cycle, in the order of burning."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from botmeter.billing.cycle import Cycle, cycle_at, cycle_of
from botmeter.billing.cycle_facts import CycleFacts, OpeningBalance, PackPurchase
from botmeter.billing.plan import MONTHS_OF, Allowance, CycleRule, Meter
from botmeter.billing.plan_terms import AccountCycle, PlanTerm
from botmeter.billing.rated import CarriedGrant, CarriedMeter, Grant

ZERO = Decimal(0)
# Later than every instant that a ledger can hold (year 9999).
NEVER_US = 1 << 62


def meter_of(term: PlanTerm, meter: int) -> Meter | None:
    """Meter of a term's plan by its position; None: the plan has fewer."""
    return term.plan.meters[meter] if meter < len(term.plan.meters) else None


def spans_of(account_cycle: AccountCycle) -> Iterator[tuple[PlanTerm, int, int]]:
    """Terms of a cycle with their half-open bounds in it, in µs UTC."""
    cycle, terms = account_cycle.cycle, account_cycle.terms
    starts = [max(cycle.start_us, term.from_us) for term in terms]
    starts[0] = cycle.start_us
    yield from zip(terms, starts, [*starts[1:], cycle.end_us], strict=True)


def grants_of(
    account_cycle: AccountCycle, meter: int, *, facts: CycleFacts, carried: CarriedMeter
) -> tuple[CarriedGrant, ...]:
    """Grants with the units left at their start, in the order of burning."""
    cycle = account_cycle.cycle
    opening = facts.opening(meter, cycle)
    begins_us = opening.as_of_us if opening else cycle.start_us
    purchases = facts.purchases_in(meter, start_us=begins_us, end_us=cycle.end_us)
    old = [each for each in carried.grants if opening is None or each.grant.kind == "allowance"]
    old_allowances = [each for each in old if each.grant.kind == "allowance"]
    new = _new_allowances(account_cycle, meter, is_granted=carried.is_granted)
    allowances = [*old_allowances, *(CarriedGrant(grant=grant, left=grant.units) for grant in new)]
    packs = [each for each in old if each.grant.kind == "pack"]
    packs += [CarriedGrant(grant=grant, left=grant.units) for grant in map(pack_grant, purchases)]
    if opening:
        allowances = _opened(allowances, opening)
        packs += _opening_packs(opening)
    held = [each for each in (*allowances, *packs) if (each.grant.expires_us or NEVER_US) > begins_us]
    # Last, so that an allowance forfeited as the cycle begins is there, as lapsed, and is not granted again.
    held = [_forfeited(each, purchases) for each in held]
    return _numbered(sorted(held, key=lambda each: burn_key(each.grant)))


def burn_key(grant: Grant) -> tuple[bool, int, int, int]:
    """Order of burning: the allowance, then packs by expiry, then by creation."""
    return grant.kind == "pack", grant.expires_us or NEVER_US, grant.start_us, grant.purchase_no or 0


def _numbered(held: Iterable[CarriedGrant]) -> tuple[CarriedGrant, ...]:
    following = {"allowance": 1, "pack": 1}
    numbered = []
    for each in held:
        grant = replace(each.grant, number=following[each.grant.kind])
        following[grant.kind] += grant.packs
        numbered.append(replace(each, grant=grant))
    return tuple(numbered)


def _new_allowances(account_cycle: AccountCycle, meter: int, *, is_granted: bool) -> list[Grant]:
    granted: list[Grant] = []
    for term, start_us, end_us in spans_of(account_cycle):
        held_meter = meter_of(term, meter)
        if held_meter is None or held_meter.allowance is None:
            continue
        allowance = held_meter.allowance
        for window_start_us, expires_us, share in _windows(account_cycle, term, allowance=allowance):
            if not start_us <= (at_us := max(window_start_us, start_us)) < min(end_us, expires_us or end_us):
                continue
            if allowance.per == "account":
                if is_granted:
                    continue
                is_granted, units = True, Decimal(allowance.sessions)
            else:
                units = _whole(allowance.sessions * share) - _units_at(granted, at_us)
            if units > 0:
                granted.append(_allowance_grant(allowance, units=units, start_us=at_us, expires_us=expires_us))
    return granted


def _units_at(granted: Sequence[Grant], at_us: int) -> Decimal:
    # The allowance of a cycle is granted once: a change of plan adds what the larger one has more.
    in_force = (each for each in granted if not each.per_account and at_us < (each.expires_us or NEVER_US))
    return sum((each.units for each in in_force), ZERO)


def _allowance_grant(allowance: Allowance, *, units: Decimal, start_us: int, expires_us: int | None) -> Grant:
    return Grant(
        kind="allowance",
        number=1,
        units=units,
        start_us=start_us,
        expires_us=expires_us,
        forfeits=allowance.forfeited_on_purchase,
        per_account=allowance.per == "account",
    )


def _windows(
    account_cycle: AccountCycle, term: PlanTerm, *, allowance: Allowance
) -> Iterator[tuple[int, int | None, Fraction]]:
    # Start, expiry and share of an allowance's windows that touch the cycle.
    cycle, prorates = account_cycle.cycle, term.plan.cycle.prorate
    if allowance.per == "account":
        yield cycle.start_us, None, Fraction(1)
    elif allowance.per == "cycle":
        share = Fraction(cycle.day_count, account_cycle.whole.day_count) if prorates else Fraction(1)
        yield cycle.start_us, cycle.end_us, min(share, Fraction(1))
    else:
        for month in _months(account_cycle, term):
            start_us, end_us = max(month.start_us, cycle.start_us), min(month.end_us, cycle.end_us)
            part = replace(month, start_us=start_us, end_us=end_us)
            share = Fraction(part.day_count, month.day_count) if prorates else Fraction(1)
            yield start_us, end_us, share


def _months(account_cycle: AccountCycle, term: PlanTerm) -> Iterator[Cycle]:
    cycle, anchor = account_cycle.cycle, account_cycle.anchor
    rule = CycleRule(every="month", timezone=term.plan.cycle.timezone)
    month = cycle_at(rule, anchor, at_us=cycle.start_us)
    for step in range(MONTHS_OF["year"] + 1):
        following = cycle_of(rule, anchor, number=month.number + step)
        if following.start_us >= cycle.end_us:
            return
        yield following


def _whole(units: Fraction) -> Decimal:
    # Half up to whole units, as amounts are rounded.
    return Decimal(int(units + Fraction(1, 2)))


def _forfeited(held: CarriedGrant, purchases: Sequence[PackPurchase]) -> CarriedGrant:
    grant = held.grant
    if not grant.forfeits:
        return held
    bought_us = next((each.from_us for each in purchases if each.from_us >= grant.start_us), NEVER_US)
    if bought_us >= (grant.expires_us or NEVER_US):
        return held
    return replace(held, grant=replace(grant, expires_us=bought_us))


def pack_grant(purchase: PackPurchase) -> Grant:
    """Grant of a purchase."""
    return Grant(
        kind="pack",
        number=1,
        units=purchase.packs * purchase.pack_units,
        start_us=purchase.from_us,
        expires_us=purchase.expires_us,
        price=purchase.pack_price,
        packs=purchase.packs,
        purchase_no=purchase.number,
    )


def _opened(allowances: Sequence[CarriedGrant], opening: OpeningBalance) -> list[CarriedGrant]:
    # The balance says what all allowances in force then had used together.
    used, opened = opening.allowance_used, []
    for each in sorted(allowances, key=lambda each: burn_key(each.grant)):
        if not each.grant.start_us <= opening.as_of_us < (each.grant.expires_us or NEVER_US):
            opened.append(each)
            continue
        taken = min(used, each.grant.units)
        used -= taken
        opened.append(replace(each, left=each.grant.units - taken))
    return opened


def _opening_packs(opening: OpeningBalance) -> list[CarriedGrant]:
    return [
        CarriedGrant(
            grant=Grant(
                kind="pack",
                number=1,
                units=max(pack.pack_units, pack.units_left),
                start_us=opening.as_of_us,
                expires_us=pack.expires_us,
            ),
            left=pack.units_left,
        )
        for pack in opening.packs
    ]
