"""Opening balances: what was used and left when billing began here."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from botmeter.billing.account_facts import account_terms
from botmeter.billing.due_packs import expiry_of
from botmeter.billing.plan import UNITS_MAX
from botmeter.billing.plan_actions import check_after_closed, plan_at
from botmeter.billing.plan_terms import PlanTerm, account_cycle_at
from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_to_the_second
from botmeter.ledger.billing.plan_terms import OpeningBalance, OpeningPack, set_opening_balance

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsLeft:
    """Units left in packs; `expires_us` in µs UTC, or as the plan's packs lapse."""

    units: Decimal
    expires_us: int | Literal["plan"] | None = "plan"


def opening_balance(
    terms: Sequence[PlanTerm],
    *,
    as_of_us: int,
    meter: int = 0,
    allowance_used: Decimal = Decimal(0),
    packs: Sequence[UnitsLeft] = (),
) -> OpeningBalance:
    """Balance of a meter, which fits the plan in force at that instant.

    Raises:
        Missing: `plan_missing`.
        Refused: `meter_unknown`, `opening_balance_invalid`.
    """
    plan = plan_at(terms, at_us=as_of_us)
    held = plan.meter(meter)
    included = held.allowance.sessions if held.allowance else 0
    if allowance_used > included:
        raise _refused(
            f"{allowance_used:f} units of the allowance are used, and plan {plan.label} includes {included}."
        )
    wrong = next((each.units for each in packs if not 0 < each.units <= UNITS_MAX), None)
    if wrong is not None:
        raise _refused(f"{wrong:f} units are left of a pack. Use more than 0, and at most {UNITS_MAX:,}.")
    size = Decimal(held.pack.sessions if held.pack else 0)
    opened = []
    for each in packs:
        expires_us = each.expires_us
        if expires_us == "plan":
            if held.pack is None or held.pack.lapses_after_us is not None:
                raise _refused(
                    f"Plan {plan.label} does not say when the {each.units:f} units left lapse. Name the day."
                )
            expires_us = expiry_of(held.pack, account_cycle_at(terms, as_of_us), at_us=as_of_us)
        if expires_us is not None and expires_us <= as_of_us:
            lapsed = text_to_the_second(expires_us)
            raise _refused(f"The {each.units:f} units left lapse at {lapsed}, and nothing is left of them then.")
        opened.append(OpeningPack(units_left=each.units, pack_units=max(size, each.units), expires_at=expires_us))
    return OpeningBalance(meter=meter, as_of=as_of_us, allowance_used=allowance_used, packs=tuple(opened))


def set_opening(
    ledger: "Ledger", balance: OpeningBalance, *, now_us: int, by: str | None = None, reason: str | None = None
) -> int:
    """Record a balance in place of an earlier one of its meter; return its number.

    Raises:
        Conflict: `statement_closed`.
        Missing: `plan_missing`.
        Refused: `opening_balance_invalid` in the future, `meter_unknown`.
    """
    if balance.as_of > now_us:
        at = text_to_the_second(balance.as_of)
        raise _refused(f"It is as of {at}, which is in the future. Use an instant that has passed.")
    plan_at(account_terms(ledger), at_us=balance.as_of).meter(balance.meter)
    check_after_closed(ledger, "An opening balance can't be set as of", at_us=balance.as_of)
    return set_opening_balance(ledger, balance, now_us=now_us, by=by, reason=reason)


def _refused(sentence: str) -> Refused:
    return Refused("opening_balance_invalid", f"The opening balance is not valid: {sentence}")
