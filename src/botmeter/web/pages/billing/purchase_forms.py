"""Forms of purchases, and their actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from django import forms
from django.core.exceptions import ValidationError

from botmeter.billing.account_facts import account_terms
from botmeter.billing.opening import UnitsLeft, opening_balance, set_opening
from botmeter.billing.plan_actions import PackOrder, buy_packs, midnight_us, pack_at, plan_at, purchase_at, remove_packs
from botmeter.billing.plan_sentences import opening_sentence, purchase_sentence
from botmeter.billing.plan_terms import PlanTerm
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_of_us
from botmeter.domain.reason import REASON_CHARACTERS_MAX
from botmeter.ledger.billing.plan_terms import OpeningBalance
from botmeter.ledger.billing.purchases import PACKS_MAX, reverse_purchase
from botmeter.people.audit import Action
from botmeter.web.access import Visit
from botmeter.web.confirmation import Confirmation
from botmeter.web.day_field import DayField
from botmeter.web.notices import Notice

_UNITS_MAX = 10**9


class BuyForm(forms.Form):
    """Packs that were bought."""

    packs = forms.IntegerField(label="Packs", min_value=1, max_value=PACKS_MAX, initial=1)
    bought_on = DayField(label="Bought on", required=False, help_text="Empty: now. Packs can be used from then on.")
    reason = forms.CharField(label="Note", required=False, max_length=REASON_CHARACTERS_MAX)


class RemoveForm(forms.Form):
    """Recurring packs that end."""

    packs = forms.IntegerField(label="Packs", min_value=1, max_value=PACKS_MAX, initial=1)
    reason = forms.CharField(label="Note", required=False, max_length=REASON_CHARACTERS_MAX)


class ReversalForm(forms.Form):
    """Purchase that was recorded wrongly."""

    purchase = forms.TypedChoiceField(label="Purchase", coerce=int)
    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)

    def __init__(self, *arguments: Any, choices: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["purchase"].choices = choices  # type: ignore[attr-defined]


class OpeningForm(forms.Form):
    """Allowance used and packs left when billing began."""

    as_of = DayField(label="As of", required=False, help_text="Start of that day, in the plan's time zone.")
    allowance_used = forms.IntegerField(
        label="Allowance used until then", required=False, min_value=0, max_value=_UNITS_MAX
    )
    units_left = forms.IntegerField(label="Sessions left in packs", required=False, min_value=0, max_value=_UNITS_MAX)
    expires_on = DayField(label="Packs lapse on", required=False, help_text="Empty: as the plan says.")

    def clean_as_of(self) -> date | None:
        on: date | None = self.cleaned_data["as_of"]
        if on is not None and on > day_of_us(now_us()) + timedelta(days=1):
            raise ValidationError(f"{text.day_text(on)} is in the future.")
        return on

    def balance(self, terms: Sequence[PlanTerm]) -> OpeningBalance | None:
        """Typed balance, if any.

        Raises:
            Refused: As `opening_balance`.
        """
        fields = self.cleaned_data
        used, left, expires_on = (fields.get(name) for name in ("allowance_used", "units_left", "expires_on"))
        if used is None and left is None:
            return None
        zone = terms[-1].plan.cycle.timezone
        as_of_on = fields.get("as_of") or day_of_us(now_us(), timezone=zone)
        expires_us: int | Literal["plan"] = midnight_us(expires_on, zone) if expires_on else "plan"
        packs = [UnitsLeft(units=Decimal(left), expires_us=expires_us)] if left else []
        as_of_us = max(midnight_us(as_of_on, zone), terms[0].from_us)
        return opening_balance(terms, as_of_us=as_of_us, allowance_used=Decimal(used or 0), packs=packs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """Packs to buy, with what they cost."""

    at_us: int
    sentence: str


def bought(terms: tuple[PlanTerm, ...], values: dict[str, Any], *, present_us: int) -> Bought:
    """Describe a purchase: `3 packs of 100 sessions for $147.00`."""
    plan = next(term.plan for term in reversed(terms))
    at_us = midnight_us(values["bought_on"], plan.cycle.timezone) if values["bought_on"] else present_us
    purchase = purchase_at(terms, packs=values["packs"], meter=0, at_us=at_us)
    return Bought(at_us=at_us, sentence=purchase_sentence(purchase, plan_at(terms, at_us=at_us)))


def buy_question(visit: Visit, values: dict[str, Any], *, cancel_href: str) -> Confirmation:
    """Ask before a purchase is recorded."""
    with visit.reading() as ledger:
        each = bought(account_terms(ledger), values, present_us=now_us())
    return Confirmation(
        question=f"Record {each.sentence}?",
        effect=f"They can be used from {text.instant_text(each.at_us, seconds=False)} UTC on. "
        "Botmeter records the purchase and buys nothing at the vendor.",
        button="Record purchase",
        cancel_href=cancel_href,
    )


def buy(visit: Visit, values: dict[str, Any]) -> Notice:
    """Record a purchase."""
    present_us = now_us()
    with visit.writing() as ledger:
        each = bought(account_terms(ledger), values, present_us=present_us)
        order = PackOrder(packs=values["packs"], at_us=each.at_us)
        made = buy_packs(ledger, order, now_us=present_us, by=visit.user.email, reason=values["reason"] or None)
    visit.record(Action.PACKS_BOUGHT, purchase=made.number, packs=values["packs"], bought=each.sentence)
    return Notice(fact=f"Purchase {made.number} recorded: {each.sentence}.")


def remove_question(values: dict[str, Any], *, cancel_href: str) -> Confirmation:
    """Ask before recurring packs are removed."""
    packs = text.counted(values["packs"], "recurring pack")
    return Confirmation(
        question=f"Remove {packs}?",
        effect="They are not bought again from the next cycle on. Those of this cycle stay.",
        button="Remove packs",
        cancel_href=cancel_href,
    )


def remove(visit: Visit, values: dict[str, Any]) -> Notice:
    """Remove recurring packs from the next cycle on."""
    with visit.writing() as ledger:
        from_us = remove_packs(
            ledger, packs=values["packs"], now_us=now_us(), by=visit.user.email, reason=values["reason"] or None
        )
    on = text.day_text(day_of_us(from_us))
    visit.record(Action.PACKS_REMOVED, packs=values["packs"], from_day=on)
    return Notice(fact=f"{text.counted(values['packs'], 'recurring pack')} removed from {on} on.")


def reverse_bought(visit: Visit, values: dict[str, Any]) -> Notice:
    """Reverse a purchase that was recorded wrongly."""
    number = values["purchase"]
    with visit.writing() as ledger:
        reverse_purchase(ledger, number, reason=values["reason"], now_us=now_us(), by=visit.user.email)
    visit.record(Action.PURCHASE_REVERSED, purchase=number, reason=values["reason"])
    return Notice(
        fact=f"Purchase {number} reversed.",
        consequence="In a closed cycle, the difference is an adjustment of the next statement.",
    )


def set_opening_of(visit: Visit, form: OpeningForm) -> Notice:
    """Record an opening balance."""
    with visit.writing() as ledger:
        terms = account_terms(ledger)
        balance = form.balance(terms)
        if balance is None:
            return Notice(fact="No changes.", kind="info")
        set_opening(ledger, balance, now_us=now_us(), by=visit.user.email)
    sentence = opening_sentence(balance, zone=terms[-1].plan.cycle.timezone)
    visit.record(Action.OPENING_BALANCE_SET, balance=sentence)
    return Notice(fact="Opening balance set.", consequence=sentence)


def has_packs(terms: tuple[PlanTerm, ...], *, at_us: int) -> bool:
    """Return whether packs can be bought at an instant."""
    plan = next((term.plan for term in reversed(terms) if term.from_us <= at_us), None)
    return plan is not None and any(meter.pack for meter in plan.meters)


def has_recurring_packs(terms: tuple[PlanTerm, ...], *, at_us: int) -> bool:
    """Return whether packs are bought again each cycle."""
    return has_packs(terms, at_us=at_us) and pack_at(terms, meter=0, at_us=at_us).recurring
