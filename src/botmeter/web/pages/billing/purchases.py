"""Admin → Billing → Purchases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_facts import account_terms
from botmeter.billing.plan_sentences import opening_sentence
from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.money_text import money_text, units_text
from botmeter.ledger.billing.plan_terms import StoredOpeningBalance, opening_balances
from botmeter.ledger.billing.purchases import Purchasing, StoredPurchase, purchases
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link
from botmeter.web.confirmation import account_confirmation, is_confirmed
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.purchase_forms import (
    BuyForm,
    OpeningForm,
    RemoveForm,
    ReversalForm,
    buy,
    buy_question,
    has_packs,
    has_recurring_packs,
    remove,
    remove_question,
    reverse_bought,
    set_opening_of,
)
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.rendering import rendered

if TYPE_CHECKING:
    from botmeter.billing.plan_terms import PlanTerm
    from botmeter.web.confirmation import Confirmation

HOW_WORDS: Final = {
    Purchasing.MANUAL: "Recorded",
    Purchasing.RECHARGE: "Recharge",
    Purchasing.RECURRING: "Recurring",
    Purchasing.LEAST: "Least per cycle",
}
COLUMNS: Final = (
    Column(label="From"),
    Column(label="Amount", variant="r"),
    Column(label="Packs", variant="r"),
    Column(label="Sessions", variant="r"),
    Column(label="How"),
)
_OPENING_COLUMNS: Final = (Column(label="Balance"), Column(label="Recorded by"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionForm:
    """Form in a card of its own."""

    name: str
    title: str
    form: forms.Form
    what: str
    button: str
    note: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasesPage:
    """Purchases with their reversals, newest first."""

    frame: Frame
    tabs: tuple[Link, ...]
    lede: str
    zone: str
    columns: tuple[Column, ...]
    purchases: tuple[tuple[Cell, ...], ...]
    opening_columns: tuple[Column, ...]
    openings: tuple[tuple[Cell, ...], ...]
    forms: tuple[ActionForm, ...]


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def purchases_page(visit: Visit) -> HttpResponse:
    """Show the purchases; record, remove or reverse some on POST."""
    with visit.reading() as ledger:
        terms, stored = account_terms(ledger), purchases(ledger, with_reversed=True)
        openings = opening_balances(ledger)
    if not terms:
        add_notice(
            visit.request, Notice(fact="This account has no plan yet.", consequence="Set one first.", kind="info")
        )
        return redirect("billing", visit.account)
    forms_of_page = _forms(visit, terms, stored=stored)
    if visit.request.method == "POST":
        answer = _posted(visit, forms_of_page)
        if answer is not None:
            return answer
    page = PurchasesPage(
        tabs=billing_tabs(visit.account, current="billing-purchases"),
        frame=frame(visit, title="Purchases", current="billing", crumbs=section_links(visit.account, "billing")),
        lede="What was bought is never recomputed. A purchase that was recorded wrongly is reversed.",
        zone=terms[-1].plan.cycle.timezone,
        columns=COLUMNS,
        purchases=purchase_cells(stored, terms),
        opening_columns=_OPENING_COLUMNS,
        openings=tuple(_opening_cells(each, terms) for each in openings),
        forms=tuple(forms_of_page.values()),
    )
    is_wrong = any(each.form.errors for each in forms_of_page.values())
    return rendered(visit.request, "billing/purchases.html", page=page, status=400 if is_wrong else 200)


def purchase_cells(stored: list[StoredPurchase], terms: "tuple[PlanTerm, ...]") -> tuple[tuple[Cell, ...], ...]:
    """List purchases and reversals, newest first."""
    reversed_by = {each.reverses: each for each in stored if each.reverses is not None}
    own = [each for each in stored if each.reverses is None]
    return tuple(_cells(each, reversed_by.get(each.number), terms=terms) for each in reversed(own))


def _cells(each: StoredPurchase, reversal: StoredPurchase | None, *, terms: "tuple[PlanTerm, ...]") -> tuple[Cell, ...]:
    bought = each.purchase
    plan = next((term.plan for term in reversed(terms) if term.from_us <= bought.from_at), terms[0].plan)
    by = f"by {each.set_by}" if each.set_by else ""
    note = ", ".join(part for part in (by, each.reason) if part)
    if reversal is not None:
        note = f"by mistake: {reversal.reason}"
    return (
        Cell(
            value=text.instant_text(bought.from_at, zone=plan.cycle.timezone, seconds=False),
            variant="num",
            tag="Reversed" if reversal else "",
        ),
        Cell(value=money_text(bought.pack_price * bought.packs, plan.currency), variant="r num"),
        Cell(value=text.count_text(bought.packs), variant="r num"),
        Cell(value=units_text(bought.pack_units * bought.packs), variant="r num"),
        Cell(value=HOW_WORDS[bought.how], note=note, variant="details"),
    )


def _opening_cells(each: StoredOpeningBalance, terms: "tuple[PlanTerm, ...]") -> tuple[Cell, ...]:
    sentence = opening_sentence(each.balance, zone=terms[0].plan.cycle.timezone)
    return Cell(value=sentence, variant="details"), Cell(value=each.set_by or "")


def _forms(visit: Visit, terms: "tuple[PlanTerm, ...]", *, stored: list[StoredPurchase]) -> dict[str, ActionForm]:
    if not visit.may(Right.CHANGE_BILLING):
        return {}
    what = visit.request.POST.get("what", "") if visit.request.method == "POST" else ""
    sent = {what: visit.request.POST}
    present_us, offered = now_us(), {}
    if has_packs(terms, at_us=present_us):
        offered["buy"] = ActionForm(
            name="buy-packs",
            title="Record a purchase",
            form=BuyForm(sent.get("buy"), auto_id="buy_%s"),
            what="buy",
            button="Record purchase",
            variant="primary",
        )
    if has_recurring_packs(terms, at_us=present_us):
        offered["remove"] = ActionForm(
            name="remove-packs",
            title="Remove recurring packs",
            note="From the next cycle on.",
            form=RemoveForm(sent.get("remove"), auto_id="remove_%s"),
            what="remove",
            button="Remove packs",
        )
    if choices := _reversible(stored):
        offered["reverse"] = ActionForm(
            name="reverse-purchase",
            title="Correct a purchase",
            note="A reversed purchase stays listed and funds nothing. Record the right one after it.",
            form=ReversalForm(sent.get("reverse"), choices=choices, auto_id="reverse_%s"),
            what="reverse",
            button="Reverse purchase",
        )
    offered["opening"] = ActionForm(
        name="opening",
        title="Set the opening balance",
        note="What was used and what was left before Botmeter counted. The last balance is in force.",
        form=OpeningForm(sent.get("opening"), auto_id="opening_%s"),
        what="opening",
        button="Set balance",
    )
    return offered


def _reversible(stored: list[StoredPurchase]) -> list[tuple[int, str]]:
    reversed_numbers = {each.reverses for each in stored}
    return [
        (
            each.number,
            f"{text.instant_text(each.purchase.from_at, seconds=False)}: {text.counted(each.purchase.packs, 'pack')}",
        )
        for each in reversed(stored)
        if each.reverses is None and each.number not in reversed_numbers
    ]


def _posted(visit: Visit, offered: dict[str, ActionForm]) -> HttpResponse | None:
    action = offered.get(visit.request.POST.get("what", ""))
    if action is None:
        raise Refused("parameter_invalid", "This can't be done under the plan in force.")
    if not action.form.is_valid():
        return None
    here, values = reverse("billing-purchases", args=(visit.account,)), action.form.cleaned_data
    try:
        if action.what in {"buy", "remove"} and not is_confirmed(visit.request):
            return account_confirmation(visit, _question(visit, action, here=here), section="billing")
        if isinstance(action.form, OpeningForm):
            notice = set_opening_of(visit, action.form)
        else:
            notice = _DO[action.what](visit, values)
    except Refused as problem:
        action.form.add_error(None, problem.message)
        return None
    add_notice(visit.request, notice)
    return redirect(here)


def _question(visit: Visit, action: ActionForm, *, here: str) -> "Confirmation":
    values = action.form.cleaned_data
    if action.what == "buy":
        return buy_question(visit, values, cancel_href=here)
    return remove_question(values, cancel_href=here)


_DO: Final[dict[str, Callable[[Visit, dict[str, Any]], Notice]]] = {
    "buy": buy,
    "remove": remove,
    "reverse": reverse_bought,
}
