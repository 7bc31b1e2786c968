"""Audit entries of the demo account's billing: what people did by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botmeter.billing.account_facts import account_terms
from botmeter.billing.budget_sentences import budget_text
from botmeter.billing.plan_actions import plan_at
from botmeter.billing.plan_sentences import purchase_sentence
from botmeter.billing.stated import read_document
from botmeter.domain.instant import text_to_the_second
from botmeter.ledger.billing.budgets import budgets
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.billing.cost_centres import cost_centre_terms
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.ledger.billing.purchases import StoredPurchase, purchases
from botmeter.people.audit_actions import Action
from botmeter.people.pending_audit import note_entry

if TYPE_CHECKING:
    from pathlib import Path

    from botmeter.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingEntry:
    """Action of a person at an instant (µs UTC)."""

    at_us: int
    who: str
    action: Action
    detail: dict[str, Any] = field(default_factory=dict)


def note_billing(folder: "Path", ledger: "Ledger") -> None:
    """Write the entries to files, for the next start of the user database."""
    entries = sorted(billing_entries(ledger), key=lambda each: each.at_us)
    for number, each in enumerate(entries):
        # The log knows an entry by its instant, person and action, and some were made at once.
        note_entry(
            folder,
            each.action,
            account=ledger.account.name,
            who=each.who,
            at_us=each.at_us + number,
            detail=each.detail,
        )


def billing_entries(ledger: "Ledger") -> Iterator[BillingEntry]:
    """Entries of all facts that a person recorded."""
    detail: dict[str, Any]
    for term in plan_terms(ledger):
        detail = {"plan": term.label, "from_day": text_to_the_second(term.from_at)[:10]}
        yield _entry(Action.PLAN_SET, term.recorded_at, by=term.set_by, **detail)
    for stored in purchases(ledger, with_reversed=True):
        if stored.set_by is not None:
            yield _of_purchase(ledger, stored)
    for each in corrections(ledger, with_undone=True):
        detail = {"correction": each.number, "kind": each.kind.value, "reason": each.reason}
        yield _entry(Action.SESSION_CORRECTED, each.recorded_at, by=each.set_by, **detail)
    for budget in budgets(ledger):
        label = budget_text(budget.budget, currency=account_terms(ledger)[-1].plan.currency)
        yield _entry(Action.BUDGET_SET, budget.recorded_at, by=budget.set_by, budget=label)
    for centre in cost_centre_terms(ledger):
        kind, name = ("channel", centre.channel) if centre.bot_id is None else ("bot", centre.bot_id)
        detail = {kind: name, "cost_centre": centre.cost_centre, "from_day": centre.from_on.isoformat()}
        yield _entry(Action.COST_CENTRE_SET, centre.recorded_at, by=centre.set_by, **detail)
    for statement in closed_statements(ledger):
        if statement.closed_by is not None:
            detail = {"statement": statement.number, "total": read_document(statement)["total"]}
            yield _entry(Action.CYCLE_CLOSED, statement.closed_at, by=statement.closed_by, **detail)


def _of_purchase(ledger: "Ledger", stored: StoredPurchase) -> BillingEntry:
    purchase = stored.purchase
    if stored.reverses is not None:
        detail: dict[str, Any] = {"purchase": stored.reverses, "reason": stored.reason}
        return _entry(Action.PURCHASE_REVERSED, stored.recorded_at, by=stored.set_by, **detail)
    plan = plan_at(account_terms(ledger), at_us=purchase.from_at)
    detail = {"purchase": stored.number, "packs": purchase.packs, "bought": purchase_sentence(purchase, plan)}
    return _entry(Action.PACKS_BOUGHT, stored.recorded_at, by=stored.set_by, **detail)


def _entry(action: Action, at_us: int, *, by: str | None, **detail: Any) -> BillingEntry:
    return BillingEntry(at_us=at_us, who=by or "", action=action, detail=detail)
