"""The routes by which programs say which customers are the same, and take it back."""

from typing import Any, Final

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.ledger.customers import (
    CustomerChange,
    SameCustomer,
    aliases_of_merge,
    merge_customers,
    unmerge_customers,
)
from botmeter.people.audit import Action, record
from botmeter.people.keys import Scope
from botmeter.web.api import parameters
from botmeter.web.api.answers import answer
from botmeter.web.api.authentication import allowed_account, key_of_request
from botmeter.web.api.bodies import body_of
from botmeter.web.ledgers import writing


class MergeSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One customer with other ids of theirs."""

    customer_id: str
    aliases: list[str]


class UnmergeSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Aliases, or the number of a merge."""

    aliases: list[str] = []
    change: int | None = None


_MERGE: Final[msgspec.json.Decoder[MergeSent | list[MergeSent]]] = msgspec.json.Decoder(MergeSent | list[MergeSent])
_UNMERGE: Final = msgspec.json.Decoder(UnmergeSent)


def merge(request: HttpRequest, account: str) -> HttpResponseBase:
    """Merge customers.

    Has other ids of a customer count as the customer: all that was sent under them, and all that comes. Sessions of
    these customers are metered again, and days that were over are recorded as restated. One customer or a list of them,
    at most 1,000 aliases; all of it is done or nothing. What was said before is no fault. Scope: `admin`.
    """
    name = allowed_account(request, account, scope=Scope.ADMIN)
    parameters.checked(request.GET, known=())
    sent = body_of(request, _MERGE)
    several = isinstance(sent, list)
    pairs = [
        SameCustomer(customer_id=one.customer_id, alias=alias, place=f"item {place}" if several else "")
        for place, one in enumerate(sent if isinstance(sent, list) else [sent])
        for alias in one.aliases
    ]
    with writing(request, name) as ledger:
        change = merge_customers(ledger, pairs, by=_who(request), now_us=now_us())
    return _answered(request, change, account=name, action=Action.CUSTOMERS_MERGED)


def unmerge(request: HttpRequest, account: str) -> HttpResponseBase:
    """Take a merge back.

    By its aliases, or all those of one change that are in force. Their events count again as they were sent, and what
    that changes is restated. Scope: `admin`.
    """
    name = allowed_account(request, account, scope=Scope.ADMIN)
    parameters.checked(request.GET, known=())
    sent = body_of(request, _UNMERGE)
    if bool(sent.aliases) == (sent.change is not None):
        raise Refused("body_invalid", "The body has to name aliases, or the number of a change; one of the two.")
    with writing(request, name) as ledger:
        aliases = aliases_of_merge(ledger, sent.change) if sent.change is not None else sent.aliases
        change = unmerge_customers(ledger, aliases, by=_who(request), now_us=now_us())
    return _answered(request, change, account=name, action=Action.CUSTOMERS_UNMERGED)


def _answered(request: HttpRequest, change: CustomerChange, *, account: str, action: Action) -> HttpResponseBase:
    if change.number is not None:
        # No ids: the log outlives a customer who is erased.
        told = {"change": change.number, "aliases": len(change.pairs), "events": change.event_count}
        told["restated_days"] = change.restated_day_count
        record(action, request=request, user=None, account=account, who=_who(request), **told)
    return answer(change_as_mapping(change))


def change_as_mapping(change: CustomerChange) -> dict[str, Any]:
    """The change as the API says it."""
    return {
        "change": change.number,
        "aliases": [{"customer_id": pair.customer_id, "alias": pair.alias} for pair in change.pairs],
        "events": change.event_count,
        "sessions_before": change.before_count,
        "sessions_after": change.after_count,
        "restated_days": change.restated_day_count,
    }


def _who(request: HttpRequest) -> str:
    key = key_of_request(request)
    return f"key {key.name} ({key.start}…)"
