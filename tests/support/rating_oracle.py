"""Slow rating: session by session, with the rules of docs/concepts/charges.md written out plainly."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

import pyarrow as pa

from botmeter.billing.cycle_facts import CycleFacts, OpeningBalance, PackPurchase
from botmeter.billing.due_packs import expiry_of
from botmeter.billing.plan import Beyond, Meter
from botmeter.billing.plan_terms import AccountCycle, PlanTerm
from botmeter.domain.period import Period, day_of_us

NEVER = 1 << 62
ZERO = Decimal(0)


@dataclass(slots=True)
class Held:
    """A grant with its balance."""

    kind: str
    units: Decimal
    left: Decimal
    start: int
    expires: int
    seq: int = 0
    packs: int = 1
    forfeits: bool = False
    per_account: bool = False

    def key(self) -> tuple[bool, int, int, int]:
        return self.kind == "pack", self.expires, self.start, self.seq


@dataclass(slots=True)
class Before:
    """Grants of the cycle before that go on; the allowance per account may have been granted."""

    grants: Sequence[Held] = ()
    is_granted: bool = False


@dataclass(slots=True)
class Rated:
    """Funding by session as (name, number), grants with what is left, and the amount beyond them."""

    funding: list[tuple[str, int]]
    left_after: list[Decimal | None]
    grants: list[Held]
    beyond_amount: Decimal
    is_granted: bool


def rate_slowly(
    account_cycle: AccountCycle, rows: Sequence[dict[str, Any]], *, facts: CycleFacts, before: Before
) -> Rated:
    """Rate meter 0 of a cycle; `rows` as `billed_sessions` gives them."""
    begins, grants, is_granted = _grants(account_cycle, facts, before=before)
    result = Rated(funding=[], left_after=[], grants=grants, beyond_amount=ZERO, is_granted=is_granted)
    pieces: list[tuple[Beyond, Decimal, Decimal]] = []
    stopped_under: list[Meter] = []
    for row in rows:
        at = row["started_at"]
        meter = _term_at(account_cycle, at).plan.meters[0]
        name = _unfunded(row, meter, begins=begins)
        if name is not None:
            result.funding.append((name, 0))
            result.left_after.append(None)
            continue
        active = [each for each in grants if each.start <= at < each.expires and each.left > 0]
        taken, missing = _burn(active, meter.weight)
        position = pieces[-1][2] if pieces else ZERO
        more = [*pieces, (meter.beyond, position, position + missing)]
        is_stopped = any(each is meter for each in stopped_under) or _passes_cap(meter.beyond, more)
        if missing and (meter.beyond.kind == "stop" or is_stopped):
            stopped_under.append(meter)
            result.funding.append(("stopped", 0))
        else:
            result.funding.append(_first(grants, taken, rule=meter.beyond, position=position))
            for held, units in taken:
                held.left -= units
            pieces = more if missing else pieces
        result.left_after.append(sum((each.left for each in active), ZERO))
    result.beyond_amount = _amount(pieces)
    return result


def recharge_slowly(
    account_cycle: AccountCycle,
    rows: Sequence[dict[str, Any]],
    *,
    facts: CycleFacts,
    before: Before,
    after_us: int | None,
) -> list[PackPurchase]:
    """Rate again and again, buying at the first session that leaves too little."""
    due: list[PackPurchase] = []
    checked = 0
    while True:
        known = replace(facts, purchases=[*facts.purchases, *due])
        rated = rate_slowly(account_cycle, rows, facts=known, before=before)
        for position in range(checked, len(rows)):
            row, left = rows[position], rated.left_after[position]
            is_eligible = left is not None and (after_us is None or row["started_at"] > after_us)
            if is_eligible and (purchase := _recharge(account_cycle, row, left=left, facts=known)):
                due.append(purchase)
                checked = position + 1
                break
        else:
            return due


def _recharge(
    account_cycle: AccountCycle, row: dict[str, Any], *, left: Decimal | None, facts: CycleFacts
) -> PackPurchase | None:
    cycle, at = account_cycle.cycle, row["started_at"]
    meter = _term_at(account_cycle, at).plan.meters[0]
    rule, pack = meter.recharge, meter.pack
    recharges = [each for each in facts.purchases if each.how == "recharge" and each.from_us >= cycle.start_us]
    if rule is None or pack is None or left is None or left >= rule.below:
        return None
    if rule.most_per_cycle is not None and sum(each.packs for each in recharges) + rule.packs > rule.most_per_cycle:
        return None
    if any(each.opening_key == row["opening_key"] for each in recharges):
        return None
    return PackPurchase(
        how="recharge",
        packs=rule.packs,
        pack_units=Decimal(pack.sessions),
        pack_price=pack.price,
        from_us=at,
        expires_us=expiry_of(pack, account_cycle, at_us=at),
        opening_key=row["opening_key"],
    )


def _term_at(account_cycle: AccountCycle, at: int) -> PlanTerm:
    begun = [each for each in account_cycle.terms if each.from_us <= at]
    return begun[-1] if begun else account_cycle.terms[0]


def _grants(account_cycle: AccountCycle, facts: CycleFacts, *, before: Before) -> tuple[int, list[Held], bool]:
    cycle = account_cycle.cycle
    opening = next((each for each in facts.openings if cycle.start_us <= each.as_of_us < cycle.end_us), None)
    begins = opening.as_of_us if opening else cycle.start_us
    bought = [each for each in facts.purchases if begins <= each.from_us < cycle.end_us]
    grants = [replace(each) for each in before.grants if not opening or each.kind == "allowance"]
    is_granted = _grant_allowances(account_cycle, grants, is_granted=before.is_granted)
    grants += [_of_purchase(each) for each in bought]
    if opening:
        _open(grants, opening)
    grants = [each for each in grants if each.expires > begins]
    for each in grants:
        forfeiting = [buy.from_us for buy in bought if each.start <= buy.from_us < each.expires]
        if each.forfeits and forfeiting:
            each.expires = min(forfeiting)
    return begins, sorted(grants, key=Held.key), is_granted


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _grant_allowances(account_cycle: AccountCycle, grants: list[Held], *, is_granted: bool) -> bool:
    cycle, months = account_cycle.cycle, _month_starts(account_cycle)
    term_starts = {max(term.from_us, cycle.start_us) for term in account_cycle.terms}
    granted_here: list[Held] = []
    for at in sorted({cycle.start_us, *term_starts, *(at for at in months if cycle.start_us < at < cycle.end_us)}):
        allowance = _term_at(account_cycle, at).plan.meters[0].allowance
        if allowance is None or (allowance.per != "month" and at not in {cycle.start_us, *term_starts}):
            continue
        if allowance.per == "account" and is_granted:
            continue
        expires = NEVER
        units = Decimal(allowance.sessions)
        if allowance.per == "account":
            is_granted = True
        else:
            month = max(each for each in months if each <= at), min(each for each in months if each > at)
            expires = cycle.end_us if allowance.per == "cycle" else min(cycle.end_us, month[1])
            if _term_at(account_cycle, at).plan.cycle.prorate:
                units = _prorated(account_cycle, units, month=month if allowance.per == "month" else None)
            units -= sum((each.units for each in granted_here if not each.per_account and at < each.expires), ZERO)
        if units > 0:
            held = Held("allowance", units, units, at, expires)
            held.forfeits, held.per_account = allowance.forfeited_on_purchase, allowance.per == "account"
            granted_here.append(held)
    grants += granted_here
    return is_granted


def _prorated(account_cycle: AccountCycle, units: Decimal, *, month: tuple[int, int] | None) -> Decimal:
    cycle, whole, days = account_cycle.cycle, account_cycle.whole.day_count, account_cycle.cycle.day_count
    if month:
        whole = _days(*month, zone=cycle.timezone)
        days = _days(max(month[0], cycle.start_us), min(month[1], cycle.end_us), zone=cycle.timezone)
    return (units * 2 * min(days, whole) + whole) // (2 * whole)


def _month_starts(account_cycle: AccountCycle) -> list[int]:
    first_on, starts = account_cycle.cycle.first_on, []
    for step in range(-1, 14):
        year, month = divmod(first_on.year * 12 + first_on.month - 1 + step, 12)
        on = date(year, month + 1, min(account_cycle.anchor.day, monthrange(year, month + 1)[1]))
        starts.append(Period(first_on=on, last_on=on, timezone=account_cycle.cycle.timezone).start_us)
    return starts


def _days(start: int, end: int, *, zone: str) -> int:
    return (day_of_us(end - 1, timezone=zone) - day_of_us(start, timezone=zone)).days + 1


def _of_purchase(each: PackPurchase) -> Held:
    units = each.packs * each.pack_units
    expires = NEVER if each.expires_us is None else each.expires_us
    return Held("pack", units, units, each.from_us, expires, seq=each.number, packs=each.packs)


def _open(grants: list[Held], opening: OpeningBalance) -> None:
    used = opening.allowance_used
    for each in sorted((each for each in grants if each.kind == "allowance"), key=Held.key):
        if each.start <= opening.as_of_us < each.expires:
            taken = min(used, each.units)
            each.left, used = each.units - taken, used - taken
    for pack in opening.packs:
        expires = NEVER if pack.expires_us is None else pack.expires_us
        grants.append(Held("pack", pack.pack_units, pack.units_left, opening.as_of_us, expires))


def _unfunded(row: dict[str, Any], meter: Meter, *, begins: int) -> str | None:
    if row["charge"] == 1:
        return "void"
    if row["charge"] == 2 and meter.test == "free":
        return "test"
    if row["preview"] and meter.previews == "free":
        return "preview_free"
    return "opening" if row["started_at"] < begins else None


def _burn(active: Sequence[Held], weight: Decimal) -> tuple[list[tuple[Held, Decimal]], Decimal]:
    taken, missing = [], weight
    for each in active:
        if missing:
            units = min(missing, each.left)
            taken.append((each, units))
            missing -= units
    return taken, missing


def _first(
    grants: Sequence[Held], taken: Sequence[tuple[Held, Decimal]], *, rule: Beyond, position: Decimal
) -> tuple[str, int]:
    if not taken:
        tiers = rule.tiers if rule.kind == "graduated" else ()
        inside = [number for number, tier in enumerate(tiers, 1) if tier.up_to is None or position < tier.up_to]
        return "beyond", inside[0] if inside else 0
    held = taken[0][0]
    if held.kind == "allowance":
        return "allowance", 0
    before = 0
    for each in grants:
        if each is held:
            break
        before += each.packs if each.kind == "pack" else 0
    return "pack", before + 1 + int((held.units - held.left) // (held.units / held.packs))


def _passes_cap(rule: Beyond, pieces: Sequence[tuple[Beyond, Decimal, Decimal]]) -> bool:
    return rule.cap is not None and _amount(pieces) > rule.cap


def _amount(pieces: Sequence[tuple[Beyond, Decimal, Decimal]]) -> Decimal:
    amount, paid_to = ZERO, ZERO
    total = pieces[-1][2] if pieces else ZERO
    last_volume = max((number for number, piece in enumerate(pieces) if piece[0].kind == "volume"), default=-1)
    for number, (rule, start, end) in enumerate(pieces):
        begin = max(start, paid_to)
        units = max(ZERO, end - begin)
        if rule.kind == "price":
            amount += units * (rule.price or ZERO)
        elif rule.kind == "package":
            begun = (units / (rule.sessions or 1)).to_integral_value(rounding=ROUND_CEILING)
            amount += begun * (rule.price or ZERO)
            paid_to = begin + begun * (rule.sessions or 1)
        elif rule.kind == "volume":
            tier = next(tier for tier in rule.tiers if tier.up_to is None or total <= tier.up_to)
            amount += units * tier.price + (tier.flat if number == last_volume else ZERO)
        else:
            lower = ZERO
            for tier in rule.tiers:
                upper = Decimal(tier.up_to or NEVER)
                amount += max(ZERO, min(end, upper) - max(begin, lower)) * tier.price
                amount += tier.flat if start <= lower < end else ZERO
                lower = upper
    return amount
