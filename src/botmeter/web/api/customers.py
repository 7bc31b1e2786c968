"""Views that change merges of customers."""

from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.lake.instructions import merge_customers, unmerge_customers
from botmeter.ledger.customers import (
    CustomerChange,
    SameCustomer,
    aliases_of_merge,
)
from botmeter.people.audit import Action
from botmeter.web.api.answers import CustomersChanged, MergeBody, UnmergeBody, customers_changed
from botmeter.web.api.route import Call
from botmeter.web.ledgers import writing


def merge(call: Call) -> CustomersChanged:
    """Merge the customers of the body."""
    body: MergeBody | list[MergeBody] = call.body
    pairs = [
        SameCustomer(customer_id=one.customer_id, alias=alias, label=f"item {number}" if isinstance(body, list) else "")
        for number, one in enumerate(body if isinstance(body, list) else [body])
        for alias in one.aliases
    ]
    with writing(call.request, call.account) as ledger:
        change = merge_customers(ledger, pairs, by=call.who, now_us=now_us())
    return _recorded(call, change, action=Action.CUSTOMERS_MERGED)


def unmerge(call: Call) -> CustomersChanged:
    """Undo the merges of some aliases, or of one change."""
    body: UnmergeBody = call.body
    if bool(body.aliases) == (body.change is not None):
        raise Refused("body_invalid", "The body must have either `aliases` or `change`, the number of a change.")
    with writing(call.request, call.account) as ledger:
        aliases = aliases_of_merge(ledger, body.change) if body.change is not None else body.aliases
        change = unmerge_customers(ledger, aliases, by=call.who, now_us=now_us())
    return _recorded(call, change, action=Action.CUSTOMERS_UNMERGED)


def _recorded(call: Call, change: CustomerChange, *, action: Action) -> CustomersChanged:
    if change.number is not None:
        # No ids: the audit log outlives an erased customer.
        detail = {"change": change.number, "aliases": len(change.pairs), "events": change.event_count}
        detail["restated_days"] = change.restated_day_count
        call.record(action, **detail)
    return customers_changed(change)
