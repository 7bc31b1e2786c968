"""Routes of plans."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from botmeter.billing.plan import METERS_MAX, Plan
from botmeter.billing.plan_actions import withdraw_plan
from botmeter.billing.plan_price import PACKS_BOUGHT_MAX, price_of
from botmeter.billing.plan_sentences import plan_sentences
from botmeter.billing.plan_setting import PlanOrder, set_ordered_plan
from botmeter.billing.plan_text import plan_as_mapping, plan_from_mapping
from botmeter.billing.price_document import priced
from botmeter.billing.shipped_plans import shipped_plan, shipped_plans
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.instant import now_us, text_from_us, text_to_the_second
from botmeter.ledger.billing.plan_terms import StoredPlanTerm, plan_terms
from botmeter.people.audit import Action
from botmeter.reports.report_json import Count, Instant
from botmeter.web.api.answers import NextCursor
from botmeter.web.api.billing_answers import Amount
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import Call, Content
from botmeter.web.api.route_kinds import change_bill, number_in, read_bill
from botmeter.web.ledgers import reading, writing

PRICED_SESSIONS_MAX: Final = 1_000_000
"""Take 25 MB and 0.1 s of a server; a command may take more."""
_Definition = Annotated[dict[str, Any], Meta(description="Keys of a plan file; amounts are decimals as text.")]
_Reason = Annotated[str | None, Meta(description="It is kept with the change.")]


class ShippedPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A published price, or a template without a source."""

    plan: str
    title: str
    currency: str
    seen_on: str | None
    confidence: str | None
    source: str | None


class ShippedPlans(Struct, frozen=True, forbid_unknown_fields=True):
    """The shipped plans by name."""

    items: list[ShippedPlan]
    next_cursor: NextCursor


class ShownPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan with its terms in words."""

    plan: str
    title: str
    terms: list[str]
    definition: _Definition


class AccountPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan of an account from an instant on; `withdrawn_at` is null while it is in force."""

    term: Count
    plan: str
    from_at: Instant = field(name="from")
    definition: _Definition
    policies: Annotated[list[str], Meta(description="The policies of its meters, as they were when it was set.")]
    set_at: Instant
    set_by: str | None
    reason: str | None
    withdrawn_at: Instant | None
    withdrawn_by: str | None
    withdrawn_for: str | None


class AccountPlans(Struct, frozen=True, forbid_unknown_fields=True):
    """The plans of an account in the order of their first instants."""

    items: list[AccountPlan]
    next_cursor: NextCursor


class PlanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Either the name of a shipped plan, or the keys of a plan file."""

    plan: Annotated[str | None, Meta(description="Name of a shipped plan.")] = None
    definition: Annotated[dict[str, Any] | None, Meta(description="Keys of a plan file.")] = None
    from_day: Annotated[
        str | None,
        Meta(
            description="First day, in the plan's zone, or `next-cycle`. Null: the next cycle; for the first plan, the "
            "present one."
        ),
    ] = None
    replay_recharge: Annotated[
        bool, Meta(description="First plan: record the recharges that the sessions so far would have made.")
    ] = False
    reason: _Reason = None


class PlanWasSet(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan that was set."""

    term: Count
    plan: str
    from_at: Instant = field(name="from")
    policies_apart: Annotated[
        list[str], Meta(description="Policies that count its sessions for the bill alone; reports keep the account's.")
    ]
    recharges: Count


class WithdrawalBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Reason for which a plan is withdrawn."""

    reason: str


class PriceLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line; `unit_price` is null where it is no product."""

    label: str
    quantity: Amount
    unit_price: Amount | None
    amount: Amount


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """Price of one cycle; the lines, of which tax is one, add up to the total."""

    currency: str
    lines: list[PriceLine]
    subtotal: Amount
    tax: Amount
    total: Amount


def shipped(call: Call) -> ShippedPlans:
    """Shipped plans."""
    del call
    return ShippedPlans(items=[_shipped(each.plan) for each in shipped_plans()], next_cursor=None)


def shown(call: Call, *, plan: str) -> ShownPlan:
    """Shipped plan."""
    del call
    named = shipped_plan(plan).plan
    return ShownPlan(
        plan=named.label,
        title=named.title,
        terms=list(plan_sentences(named)),
        definition=msgspec.to_builtins(plan_as_mapping(named)),
    )


def price(call: Call, *, plan: str) -> Price:
    """Price a number of sessions under a shipped plan."""
    query = call.request.GET
    session_count = int(query.get("sessions") or 0)
    if session_count > PRICED_SESSIONS_MAX:
        raise TooMuch(
            "plan_price_too_much",
            f"{session_count:,} sessions are more than {PRICED_SESSIONS_MAX:,}, the limit here. Use `botmeter plan "
            "price`.",
        )
    rated = price_of(
        shipped_plan(plan).plan,
        sessions=session_count,
        meter=int(query.get("meter") or 0),
        bought=int(query["bought"]) if query.get("bought") else None,
        first_cycle=query.get("first_cycle") == "true",
    )
    return msgspec.convert(priced(rated), Price)


def plans(call: Call) -> AccountPlans:
    """Plans of the account, withdrawn ones too."""
    with reading(call.request, call.account) as ledger:
        items = [_account_plan(each) for each in plan_terms(ledger, with_withdrawn=True)]
    return AccountPlans(items=items, next_cursor=None)


def set_plan(call: Call) -> PlanWasSet:
    """Set the plan of the account."""
    body: PlanBody = call.body
    plan = _plan_of(body)
    order = PlanOrder(plan=plan, first=body.from_day, replays_recharge=body.replay_recharge)
    with writing(call.request, call.account) as ledger:
        made = set_ordered_plan(ledger, order, now_us=now_us(), by=call.who, reason=body.reason)
    call.record(Action.PLAN_SET, plan=plan.label, from_day=text_to_the_second(made.from_us)[:10])
    return PlanWasSet(
        term=made.number,
        plan=plan.label,
        from_at=text_from_us(made.from_us),
        policies_apart=list(made.apart),
        recharges=made.recharge_count,
    )


def withdraw(call: Call, *, number: str) -> AccountPlan:
    """Withdraw a plan from which nothing has followed."""
    body: WithdrawalBody = call.body
    with writing(call.request, call.account) as ledger:
        withdrawn = withdraw_plan(ledger, number_in(number), reason=body.reason, now_us=now_us(), by=call.who)
        stored = next(each for each in plan_terms(ledger, with_withdrawn=True) if each.number == withdrawn.number)
    call.record(Action.PLAN_WITHDRAWN, plan=stored.label, reason=body.reason)
    return _account_plan(stored)


def _plan_of(body: PlanBody) -> Plan:
    match body.plan, body.definition:
        case str(name), None:
            return shipped_plan(name).plan
        case None, dict(definition):
            return plan_from_mapping(definition)
        case _:
            raise Refused("body_invalid", "The body must have either `plan`, a shipped plan's name, or `definition`.")


def _shipped(plan: Plan) -> ShippedPlan:
    published = plan.published
    return ShippedPlan(
        plan=plan.name,
        title=plan.title,
        currency=plan.currency,
        seen_on=None if published is None else str(published.seen_on),
        confidence=None if published is None else published.confidence,
        source=None if published is None else published.source,
    )


def _account_plan(stored: StoredPlanTerm) -> AccountPlan:
    return AccountPlan(
        term=stored.number,
        plan=stored.label,
        from_at=text_from_us(stored.from_at),
        definition=msgspec.json.decode(stored.definition),
        policies=sorted(msgspec.json.decode(stored.policies)),
        set_at=text_from_us(stored.recorded_at),
        set_by=stored.set_by,
        reason=stored.reason,
        withdrawn_at=None if stored.undone_at is None else text_from_us(stored.undone_at),
        withdrawn_by=stored.undone_by,
        withdrawn_for=stored.undone_for,
    )


_DEFINITION: Final = {
    "name": "freshworks.new",
    "version": 1,
    "currency": "USD",
    "meter": [{"allowance": {"sessions": 500, "per": "account"}, "pack": {"sessions": 100, "price": "49.00"}}],
}
_PLAN: Final = {
    "term": 1,
    "plan": "freshworks.new@1",
    "from": "2026-11-01T00:00:00Z",
    "definition": _DEFINITION,
    "policies": ["freshchat.session@1"],
    "set_at": "2026-10-20T09:30:00Z",
    "set_by": "ann@example.com",
    "reason": None,
    "withdrawn_at": None,
    "withdrawn_by": None,
    "withdrawn_for": None,
}
_WITHDRAWN: Final = {
    **_PLAN,
    "withdrawn_at": "2026-10-21T08:00:00Z",
    "withdrawn_by": "ann@example.com",
    "withdrawn_for": "not signed",
}
_SHIPPED: Final = {
    "plan": "freshworks.new",
    "title": "Freshworks' published price for Freddy AI Agent sessions, as of 22 November 2026",
    "currency": "USD",
    "seen_on": "2026-11-22",
    "confidence": "vendor",
    "source": "https://support.example.com/sessions",
}
_PRICE: Final = {
    "currency": "USD",
    "lines": [{"label": "Packs of 100 sessions", "quantity": "12", "unit_price": "49.00", "amount": "588.00"}],
    "subtotal": "588.00",
    "tax": "0.00",
    "total": "588.00",
}


def _to(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "maximum": most}


PLAN_ROUTES: Final = (
    # The first match wins.
    read_bill(
        path="accounts/{account}/plans/shipped",
        operation="shipped_plans",
        summary="The shipped plans",
        description="Published prices with their day and source, and a template.",
        answers=(Content(types=(ShippedPlans,), example={"items": [_SHIPPED], "next_cursor": None}),),
        view=shipped,
    ),
    read_bill(
        path="accounts/{account}/plans/shipped/{plan}",
        operation="shipped_plan",
        summary="One shipped plan",
        description="Its terms in words, and the keys of its file, from which a plan of one's own can be made.",
        answers=(
            Content(
                types=(ShownPlan,),
                example={
                    "plan": "freshworks.new@1",
                    "title": _SHIPPED["title"],
                    "terms": ["A cycle is a month, with days in UTC."],
                    "definition": _DEFINITION,
                },
            ),
        ),
        view=shown,
    ),
    read_bill(
        path="accounts/{account}/plans/shipped/{plan}/price",
        operation="plan_price",
        summary="The price of sessions under a shipped plan",
        description=(
            "Of one cycle, over which they are spread evenly. Without `bought`, a plan with recharge follows it, and "
            "one with packs and nothing beyond them buys the fewest packs that fund all."
        ),
        parameters=(
            Parameter(
                name="sessions", description="Charged sessions.", limits=_to(PRICED_SESSIONS_MAX), example="1200"
            ),
            Parameter(
                name="meter",
                description="Meter that counts them, from 0.",
                limits=_to(METERS_MAX - 1) | {"default": 0},
                example="0",
            ),
            Parameter(
                name="bought",
                description="Packs bought. Default: as needed.",
                limits=_to(PACKS_BOUGHT_MAX),
                example="12",
            ),
            Parameter(
                name="first_cycle",
                description="Count an allowance that an account has once.",
                choices=("true", "false"),
                example="true",
                default="false",
            ),
        ),
        answers=(Content(types=(Price,), example=_PRICE),),
        view=price,
    ),
    read_bill(
        path="accounts/{account}/plans",
        operation="plans",
        summary="The plans of the account",
        description="In the order of their first instants, withdrawn ones too.",
        answers=(Content(types=(AccountPlans,), example={"items": [_PLAN], "next_cursor": None}),),
        view=plans,
    ),
    change_bill(
        path="accounts/{account}/plans/set",
        operation="set_plan",
        summary="Set the plan",
        description=(
            "A shipped plan, or one of your own. A plan that begins within a cycle goes on with it; another anchor, "
            "length or time zone ends the cycle at that day. The policies of the plan are pinned as they are now."
        ),
        body=(Content(types=(PlanBody,), example={"plan": "freshworks.new", "from_day": "2026-11-01"}),),
        answers=(
            Content(
                types=(PlanWasSet,),
                example={
                    "term": 1,
                    "plan": "freshworks.new@1",
                    "from": "2026-11-01T00:00:00Z",
                    "policies_apart": [],
                    "recharges": 0,
                },
            ),
        ),
        view=set_plan,
    ),
    change_bill(
        path="accounts/{account}/plans/{number}/withdraw",
        operation="withdraw_plan",
        summary="Withdraw a plan",
        description="From which nothing has followed: no statement is closed, and no pack was bought, since it began.",
        body=(Content(types=(WithdrawalBody,), example={"reason": "not signed"}),),
        answers=(Content(types=(AccountPlan,), example=_WITHDRAWN),),
        view=withdraw,
    ),
)
