"""Cycle, plan and policy of What if, from the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django import forms
from django.urls import reverse

from botmeter.billing.account_bill import Bill, bill_of
from botmeter.billing.account_plans import cycle_of_day
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.billing.what_if_effect import Effect, effect_of
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_from_text
from botmeter.metering.preset import preset, presets
from botmeter.web.access import Visit
from botmeter.web.pages.billing.bills import bill_cache, plans_of, simulation_turn
from botmeter.web.pages.billing.plan_choice import PlanForm
from botmeter.web.pages.billing.statement_tables import cycle_name

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_CYCLES_MAX: Final = 24
_FIELDS: Final = ("cycle", "plan", "text", "policy")


class WhatIfForm(PlanForm):
    """Cycle, another plan, and another policy."""

    cycle = forms.ChoiceField(label="Cycle", required=False)
    policy = forms.ChoiceField(
        label="Count sessions by", required=False, help_text="Empty: as the plan says, or by the account's own policy."
    )
    field_order = _FIELDS

    def __init__(self, *arguments: Any, cycles: Sequence[AccountCycle], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["cycle"].choices = [(_day(each), name_of(each)) for each in cycles]  # type: ignore[attr-defined]
        self.fields["policy"].choices = [("", "–"), *((each.name, each.name) for each in presets())]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Cycle under both plans.

    Attributes:
        kept: Its fields of the address.
    """

    account: str
    account_cycle: AccountCycle
    bill: Bill
    effect: Effect
    kept: dict[str, str]

    @property
    def statement_href(self) -> str:
        return reverse("cycle-statement", args=(self.account, _day(self.account_cycle)))

    @property
    def page_href(self) -> str:
        return f"{reverse('billing-what-if', args=(self.account,))}?{urlencode(self.kept)}"

    @property
    def has_same_sessions(self) -> bool:
        return self.effect.has_sessions_of(self.bill)

    def own_sessions_href(self, kind: str) -> str:
        page = reverse("cycle-sessions", args=(self.account, _day(self.account_cycle)))
        return f"{page}?{urlencode({'funding': kind})}"

    def sessions_href(self, **chosen: str) -> str:
        return f"{reverse('what-if-sessions', args=(self.account,))}?{urlencode({**self.kept, **chosen})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfCase:
    """Form, the cycle, and the comparison; None until a plan is chosen."""

    form: WhatIfForm
    account_cycle: AccountCycle
    comparison: Comparison | None = None


def what_if_case(visit: Visit, ledger: "ReadableLedger") -> WhatIfCase:
    """Read the address, and rate the cycle under both plans."""
    query, plans = visit.request.GET, plans_of(ledger)
    cycles = tuple(reversed(timeline(plans.terms, now_us() + 1)))[:_CYCLES_MAX]
    form = WhatIfForm(query if "plan" in query else None, cycles=cycles)
    chosen = cycles[min(1, len(cycles) - 1)]
    if not form.is_valid() or form.chosen is None:
        return WhatIfCase(form=form, account_cycle=chosen)
    if form.cleaned_data["cycle"]:
        chosen = cycle_of_day(plans, day_from_text(form.cleaned_data["cycle"]), now_us=now_us())
    policy = preset(form.cleaned_data["policy"]).policy if form.cleaned_data["policy"] else None
    comparison = Comparison(
        account=visit.account,
        account_cycle=chosen,
        bill=bill_of(ledger, chosen, plans=plans, now_us=now_us(), cache=bill_cache),
        effect=effect_of(
            ledger,
            form.chosen,
            cycle=chosen.cycle,
            now_us=now_us(),
            policy=policy,
            turn=simulation_turn(visit),
        ),
        kept={name: query[name] for name in _FIELDS if name in query},
    )
    return WhatIfCase(form=form, account_cycle=chosen, comparison=comparison)


def name_of(account_cycle: AccountCycle) -> str:
    """Name of a cycle."""
    return cycle_name(account_cycle.cycle.first_on, account_cycle.cycle.last_on)


def _day(account_cycle: AccountCycle) -> str:
    return account_cycle.cycle.first_on.isoformat()
