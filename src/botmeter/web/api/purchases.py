"""Routes of purchases, recurring packs and opening balances."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from botmeter.billing.account_facts import account_terms
from botmeter.billing.opening import UnitsLeft, opening_balance, set_opening
from botmeter.billing.plan_actions import PackOrder, buy_packs, plan_at, remove_packs
from botmeter.billing.plan_sentences import opening_sentence, purchase_sentence
from botmeter.billing.plan_times import expiry_as_typed, instant_as_typed, units_as_typed
from botmeter.domain.instant import now_us, text_from_us, text_to_the_second
from botmeter.ledger.billing.plan_terms import StoredOpeningBalance, opening_balances
from botmeter.ledger.billing.purchases import (
    PACKS_MAX,
    StoredPurchase,
    StoredRemoval,
    purchases,
    removals,
    reverse_purchase,
)
from botmeter.people.audit import Action
from botmeter.reports.report_json import Count, Instant
from botmeter.web.api.answers import NextCursor
from botmeter.web.api.billing_answers import Amount, UndoBody
from botmeter.web.api.route import Call, Content
from botmeter.web.api.route_kinds import change_bill, number_in, read_bill
from botmeter.web.ledgers import reading, writing

_Meter = Annotated[int, Meta(description="Meter of the plan, from 0.", extra_json_schema={"minimum": 0})]
_Packs = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": PACKS_MAX})]
_Reason = Annotated[str | None, Meta(description="It is kept with the change.")]
_Time = Annotated[str, Meta(description="A day in the plan's zone, or a time with its offset.")]


class PackPurchase(Struct, frozen=True, forbid_unknown_fields=True):
    """A purchase of packs, or the reversal of one."""

    purchase: Count
    meter: int
    how: Literal["manual", "recharge", "recurring", "least"]
    packs: Count
    pack_units: Amount
    pack_price: Amount
    usable_from: Instant
    expires_at: Annotated[Instant | None, Meta(description="Null: never.")]
    recorded_at: Instant
    set_by: Annotated[str | None, Meta(description="Null: the plan.")]
    reason: str | None
    reverses: Annotated[int | None, Meta(description="The purchase that is as if it had never been made.")]


class PackPurchases(Struct, frozen=True, forbid_unknown_fields=True):
    """Purchases and reversals in the order of recording."""

    items: list[PackPurchase]
    next_cursor: NextCursor


class BuyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Packs that were bought at the vendor, at the size and price of the plan in force then."""

    packs: _Packs
    meter: _Meter = 0
    at: Annotated[_Time | None, Meta(description="When; without it, now.")] = None
    reason: _Reason = None


class RemoveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Recurring packs that are not bought again."""

    packs: _Packs
    meter: _Meter = 0
    reason: _Reason = None


class PackRemoval(Struct, frozen=True, forbid_unknown_fields=True):
    """Recurring packs that end with the start of a cycle."""

    removal: Count
    meter: int
    packs: Count
    from_at: Instant = field(name="from")
    recorded_at: Instant
    set_by: str | None
    reason: str | None


class PackRemovals(Struct, frozen=True, forbid_unknown_fields=True):
    """Removals in force in the order of their cycles."""

    items: list[PackRemoval]
    next_cursor: NextCursor


class UnitsLeftInPacks(Struct, frozen=True, forbid_unknown_fields=True):
    """Units left of packs that were bought before."""

    units_left: Amount
    expires: Annotated[
        str | None, Meta(description="Last day of use, a time, or `never`. Null: as the plan's packs lapse.")
    ] = None


class OpeningBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Units used and left of a meter when billing began."""

    as_of: _Time
    meter: _Meter = 0
    allowance_used: Amount = "0"
    packs: list[UnitsLeftInPacks] = []
    reason: _Reason = None


class OpenedPack(Struct, frozen=True, forbid_unknown_fields=True):
    """Rest of packs that were bought before."""

    units_left: Amount
    expires_at: Instant | None


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """An opening balance."""

    balance: Count
    meter: int
    as_of: Instant
    allowance_used: Amount
    packs: list[OpenedPack]
    recorded_at: Instant
    set_by: str | None
    reason: str | None


class Openings(Struct, frozen=True, forbid_unknown_fields=True):
    """Opening balances, replaced ones too, in the order of recording; a meter's last is in force."""

    items: list[Opening]
    next_cursor: NextCursor


def listed(call: Call) -> PackPurchases:
    """Purchases and their reversals."""
    with reading(call.request, call.account) as ledger:
        return PackPurchases(
            items=[_purchase(each) for each in purchases(ledger, with_reversed=True)], next_cursor=None
        )


def buy(call: Call) -> PackPurchase:
    """Record packs that were bought."""
    body: BuyBody = call.body
    present_us = now_us()
    with writing(call.request, call.account) as ledger:
        terms = account_terms(ledger)
        at_us = present_us if body.at is None else instant_as_typed(body.at, terms, now_us=present_us)
        order = PackOrder(packs=body.packs, meter=body.meter, at_us=at_us)
        made = buy_packs(ledger, order, now_us=present_us, by=call.who, reason=body.reason)
        stored = _purchase_numbered(purchases(ledger, with_reversed=True), made.number)
    bought = purchase_sentence(stored.purchase, plan_at(terms, at_us=at_us))
    call.record(Action.PACKS_BOUGHT, purchase=made.number, packs=body.packs, bought=bought)
    return _purchase(stored)


def reverse(call: Call, *, number: str) -> PackPurchase:
    """Reverse a purchase."""
    body: UndoBody = call.body
    with writing(call.request, call.account) as ledger:
        made = reverse_purchase(ledger, number_in(number), reason=body.reason, now_us=now_us(), by=call.who)
        stored = _purchase_numbered(purchases(ledger, with_reversed=True), made)
    call.record(Action.PURCHASE_REVERSED, purchase=stored.reverses, reason=body.reason)
    return _purchase(stored)


def listed_removals(call: Call) -> PackRemovals:
    """Removals of recurring packs."""
    with reading(call.request, call.account) as ledger:
        return PackRemovals(items=[_removal(each) for each in removals(ledger)], next_cursor=None)


def remove(call: Call) -> PackRemoval:
    """Remove recurring packs from the next cycle on."""
    body: RemoveBody = call.body
    with writing(call.request, call.account) as ledger:
        remove_packs(ledger, packs=body.packs, meter=body.meter, now_us=now_us(), by=call.who, reason=body.reason)
        stored = max(removals(ledger), key=lambda each: each.number)
    from_day = text_to_the_second(stored.removal.from_at)[:10]
    call.record(Action.PACKS_REMOVED, packs=body.packs, from_day=from_day)
    return _removal(stored)


def openings(call: Call) -> Openings:
    """Opening balances."""
    with reading(call.request, call.account) as ledger:
        items = [_opening(each) for each in opening_balances(ledger, with_replaced=True)]
    return Openings(items=items, next_cursor=None)


def open_with(call: Call) -> Opening:
    """Set the opening balance of a meter."""
    body: OpeningBody = call.body
    present_us = now_us()
    with writing(call.request, call.account) as ledger:
        terms = account_terms(ledger)
        balance = opening_balance(
            terms,
            as_of_us=instant_as_typed(body.as_of, terms, now_us=present_us),
            meter=body.meter,
            allowance_used=units_as_typed(body.allowance_used),
            packs=[
                UnitsLeft(
                    units=units_as_typed(each.units_left),
                    expires_us=expiry_as_typed(each.expires, terms, now_us=present_us),
                )
                for each in body.packs
            ],
        )
        number = set_opening(ledger, balance, now_us=present_us, by=call.who, reason=body.reason)
        stored = next(each for each in opening_balances(ledger, with_replaced=True) if each.number == number)
    sentence = opening_sentence(balance, zone=terms[-1].plan.cycle.timezone)
    call.record(Action.OPENING_BALANCE_SET, balance=sentence)
    return _opening(stored)


def _purchase_numbered(stored: list[StoredPurchase], number: int) -> StoredPurchase:
    return next(each for each in stored if each.number == number)


def _purchase(stored: StoredPurchase) -> PackPurchase:
    bought = stored.purchase
    return PackPurchase(
        purchase=stored.number,
        meter=bought.meter,
        how=bought.how.value,
        packs=bought.packs,
        pack_units=f"{bought.pack_units:f}",
        pack_price=f"{bought.pack_price:f}",
        usable_from=text_from_us(bought.from_at),
        expires_at=_instant(bought.expires_at),
        recorded_at=text_from_us(stored.recorded_at),
        set_by=stored.set_by,
        reason=stored.reason,
        reverses=stored.reverses,
    )


def _removal(stored: StoredRemoval) -> PackRemoval:
    return PackRemoval(
        removal=stored.number,
        meter=stored.removal.meter,
        packs=stored.removal.packs,
        from_at=text_from_us(stored.removal.from_at),
        recorded_at=text_from_us(stored.recorded_at),
        set_by=stored.set_by,
        reason=stored.reason,
    )


def _opening(stored: StoredOpeningBalance) -> Opening:
    balance = stored.balance
    return Opening(
        balance=stored.number,
        meter=balance.meter,
        as_of=text_from_us(balance.as_of),
        allowance_used=f"{balance.allowance_used:f}",
        packs=[
            OpenedPack(units_left=f"{pack.units_left:f}", expires_at=_instant(pack.expires_at))
            for pack in balance.packs
        ],
        recorded_at=text_from_us(stored.recorded_at),
        set_by=stored.set_by,
        reason=stored.reason,
    )


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else text_from_us(at_us)


_RECORDED: Final = {"recorded_at": "2026-11-20T09:30:00Z", "set_by": "ann@example.com", "reason": "campaign"}
_BOUGHT: Final = {
    "purchase": 4,
    "meter": 0,
    "how": "manual",
    "packs": 3,
    "pack_units": "100",
    "pack_price": "49.00",
    "usable_from": "2026-11-20T00:00:00Z",
    "expires_at": "2026-12-01T00:00:00Z",
    "reverses": None,
    **_RECORDED,
}
_REVERSED: Final = {**_BOUGHT, "purchase": 5, "reason": "typed twice", "reverses": 4}
_REMOVED: Final = {"removal": 1, "meter": 0, "packs": 2, "from": "2026-12-01T00:00:00Z", **_RECORDED}
_OPENED: Final = {
    "balance": 1,
    "meter": 0,
    "as_of": "2026-11-12T00:00:00Z",
    "allowance_used": "310",
    "packs": [{"units_left": "40", "expires_at": "2027-01-01T00:00:00Z"}],
    **_RECORDED,
}

PURCHASE_ROUTES: Final = (
    read_bill(
        path="accounts/{account}/purchases",
        operation="purchases",
        summary="The purchases",
        description="Packs that people recorded, and that the plan bought by itself, with their reversals.",
        answers=(Content(types=(PackPurchases,), example={"items": [_BOUGHT], "next_cursor": None}),),
        view=listed,
    ),
    change_bill(
        path="accounts/{account}/purchases/add",
        operation="buy_packs",
        summary="Record packs that were bought",
        description=(
            "At the size and price of the plan in force then. Botmeter buys nothing at the vendor. Each request "
            "records a purchase."
        ),
        body=(Content(types=(BuyBody,), example={"packs": 3, "at": "2026-11-20", "reason": "campaign"}),),
        answers=(Content(types=(PackPurchase,), example=_BOUGHT),),
        view=buy,
    ),
    change_bill(
        path="accounts/{account}/purchases/{number}/reverse",
        operation="reverse_purchase",
        summary="Reverse a purchase",
        description="One that was recorded by mistake. In a closed cycle, the next statement has the difference.",
        body=(Content(types=(UndoBody,), example={"reason": "typed twice"}),),
        answers=(Content(types=(PackPurchase,), example=_REVERSED),),
        view=reverse,
    ),
    read_bill(
        path="accounts/{account}/recurring-packs/removals",
        operation="pack_removals",
        summary="The removals of recurring packs",
        description="Recurring packs that are not bought again from a cycle on.",
        answers=(Content(types=(PackRemovals,), example={"items": [_REMOVED], "next_cursor": None}),),
        view=listed_removals,
    ),
    change_bill(
        path="accounts/{account}/recurring-packs/remove",
        operation="remove_packs",
        summary="Remove recurring packs",
        description="From the next cycle on; those of this cycle stay.",
        body=(Content(types=(RemoveBody,), example={"packs": 2}),),
        answers=(Content(types=(PackRemoval,), example=_REMOVED),),
        view=remove,
    ),
    read_bill(
        path="accounts/{account}/opening-balances",
        operation="opening_balances",
        summary="The opening balances",
        description="What was used and left of each meter when billing began, replaced ones too.",
        answers=(Content(types=(Openings,), example={"items": [_OPENED], "next_cursor": None}),),
        view=openings,
    ),
    change_bill(
        path="accounts/{account}/opening-balances/set",
        operation="set_opening_balance",
        summary="Set the opening balance of a meter",
        description="It replaces an earlier one of the meter.",
        body=(
            Content(
                types=(OpeningBody,),
                example={
                    "as_of": "2026-11-12",
                    "allowance_used": "310",
                    "packs": [{"units_left": "40", "expires": "2026-12-31"}],
                },
            ),
        ),
        answers=(Content(types=(Opening,), example=_OPENED),),
        view=open_with,
    ),
)
