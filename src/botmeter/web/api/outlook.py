"""Routes of forecasts, other plans, and advice on packs."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from botmeter.billing.outlook_document import forecast_document, pack_advice_document, what_if_document
from botmeter.billing.shipped_plans import shipped_plan
from botmeter.domain.instant import now_us
from botmeter.reports.report_json import Count, Day
from botmeter.web.api.billing_answers import Amount
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.plans import Price
from botmeter.web.api.route import Call, Content
from botmeter.web.api.route_kinds import read_bill
from botmeter.web.ledgers import reading
from botmeter.web.pages.billing.bills import bill_cache
from botmeter.web.server_state import server_state

_Sessions = Annotated[Count | None, Meta(description="Null before a whole day with data; bounds also without a band.")]
_Total = Annotated[Amount | None, Meta(description="With tax; null where the sessions are.")]


class CycleDays(Struct, frozen=True, forbid_unknown_fields=True):
    """A billing cycle, both days included."""

    first_day: Day
    last_day: Day
    timezone: str


class ForecastDay(Struct, frozen=True, forbid_unknown_fields=True):
    """Sessions of the cycle up to the end of a day to come."""

    day: Day
    sessions: Count
    low: Count | None
    high: Count | None


class Forecast(Struct, frozen=True, forbid_unknown_fields=True):
    """The open cycle at its end, with the band in which 80 % of such cycles end."""

    cycle: CycleDays
    plan: str
    currency: str
    sessions: Annotated[Count, Meta(description="Until now.")]
    total: Annotated[Amount, Meta(description="Cost until now, with tax.")]
    method: Annotated[str | None, Meta(description="`pace`, or `line`: a straight line, under 14 days with data.")]
    data_days: Annotated[Count, Meta(description="Whole days with data, of the last 400.")]
    expected_sessions: _Sessions
    low_sessions: _Sessions
    high_sessions: _Sessions
    expected_total: _Total
    low_total: _Total
    high_total: _Total
    days: list[ForecastDay]


class WhatIf(Struct, frozen=True, forbid_unknown_fields=True):
    """A cycle as it was, and under another plan."""

    cycle: CycleDays
    own_plan: str
    own: Price
    plan: str
    other: Price
    packs: Annotated[Count, Meta(description="Packs bought under the other plan, as it says.")]
    note: Annotated[str, Meta(description="Assumptions in words; empty without any.")]


class PackAdvice(Struct, frozen=True, forbid_unknown_fields=True):
    """Fewest packs that would have covered each of the last cycles."""

    packs: Count
    least_bought: Annotated[Count, Meta(description="In any of these cycles.")]
    most_bought: Count
    cycles: Count
    sentence: Annotated[str | None, Meta(description="Advice in words; null: what was bought was as good.")]


class PackAdviceAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """Advice on packs."""

    advice: Annotated[
        PackAdvice | None,
        Meta(description="Null with fewer than three closed cycles, several meters, or packs that outlive a cycle."),
    ]


def forecast(call: Call) -> Forecast:
    """Forecast of the open cycle."""
    with reading(call.request, call.account) as ledger:
        return msgspec.convert(forecast_document(ledger, now_us=now_us(), cache=bill_cache), Forecast)


def what_if(call: Call) -> WhatIf:
    """Cycle under a shipped plan."""
    day, simulations = call.request.GET.get("cycle"), server_state(call.request).simulations
    plan = shipped_plan(call.request.GET["plan"]).plan
    with reading(call.request, call.account) as ledger:
        document = what_if_document(
            ledger, plan, day=day or None, now_us=now_us(), turn=lambda: simulations.turn(call.account)
        )
    return msgspec.convert(document, WhatIf)


def pack_advice(call: Call) -> PackAdviceAnswer:
    """Advice on packs."""
    with reading(call.request, call.account) as ledger:
        document = pack_advice_document(ledger, now_us=now_us(), cache=bill_cache)
    return msgspec.convert({"advice": document}, PackAdviceAnswer)


_CYCLE: Final = {"first_day": "2026-11-01", "last_day": "2026-11-30", "timezone": "UTC"}
_ADVICE: Final = "3 packs instead of 5 would have covered each of the last 6 cycles."
_OWN: Final = {
    "currency": "USD",
    "lines": [{"label": "Sessions at $0.10", "quantity": "1200", "unit_price": "0.10", "amount": "120.00"}],
    "subtotal": "120.00",
    "tax": "0.00",
    "total": "120.00",
}
_OTHER: Final = {
    "currency": "USD",
    "lines": [{"label": "Packs of 100 sessions", "quantity": "12", "unit_price": "49.00", "amount": "588.00"}],
    "subtotal": "588.00",
    "tax": "0.00",
    "total": "588.00",
}
OUTLOOK_ROUTES: Final = (
    read_bill(
        path="accounts/{account}/forecast",
        operation="forecast",
        summary="The forecast of the open cycle",
        description="Sessions and cost at its end, with a band of 80 %, as *Admin → Billing* has them, each minute.",
        answers=(
            Content(
                types=(Forecast,),
                example={
                    "cycle": _CYCLE,
                    "plan": "session.price@1",
                    "currency": "USD",
                    "sessions": 8020,
                    "total": "802.00",
                    "method": "pace",
                    "data_days": 212,
                    "expected_sessions": 11950,
                    "low_sessions": 11410,
                    "high_sessions": 12530,
                    "expected_total": "1195.00",
                    "low_total": "1141.00",
                    "high_total": "1253.00",
                    "days": [{"day": "2026-11-30", "sessions": 11950, "low": 11410, "high": 12530}],
                },
            ),
        ),
        view=forecast,
    ),
    read_bill(
        path="accounts/{account}/what-if",
        operation="what_if",
        summary="A cycle under another plan",
        description=(
            "The same sessions under a shipped plan, side by side. Nothing is left of an earlier cycle, and packs are "
            "bought as the plan says. `botmeter plan what-if` takes plans of your own."
        ),
        parameters=(
            Parameter(name="plan", description="A shipped plan.", example="freshworks.new", is_required=True),
            Parameter(
                name="cycle",
                description="A day of the cycle, in the plan's zone; without it, the last one that is over.",
                limits={"format": "date"},
                example="2026-11-01",
            ),
        ),
        answers=(
            Content(
                types=(WhatIf,),
                example={
                    "cycle": _CYCLE,
                    "own_plan": "session.price@1",
                    "own": _OWN,
                    "plan": "freshworks.new@1",
                    "other": _OTHER,
                    "packs": 12,
                    "note": "With 12 packs bought as the plan says, and nothing left of an earlier cycle.",
                },
            ),
        ),
        view=what_if,
    ),
    read_bill(
        path="accounts/{account}/pack-advice",
        operation="pack_advice",
        summary="Advice on packs",
        description="Fewest packs that would have covered each of the last six closed cycles.",
        answers=(
            Content(
                types=(PackAdviceAnswer,),
                example={"advice": {"packs": 3, "least_bought": 5, "most_bought": 5, "cycles": 6, "sentence": _ADVICE}},
            ),
        ),
        view=pack_advice,
    ),
)
