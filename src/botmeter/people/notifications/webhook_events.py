"""Events of webhooks, of which the reference page is generated. Fields are only added; amounts are decimals as text."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from botmeter.reports.report_json import Count, Day, Instant

Amount = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", description="Decimal.")]
_Account = Annotated[str, Meta(description="Account name.")]
_Url = Annotated[str, Meta(description="Page that shows it.")]
_Currency = Annotated[str | None, Meta(description="Of amounts of money; null without any.")]


class EventCycle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Billing cycle, both days included."""

    first_day: Annotated[Day, Meta(description="First day.")]
    last_day: Annotated[Day, Meta(description="Last day, included.")]
    timezone: Annotated[str, Meta(description="Of the plan.")]


class CapReached(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cap or a brake is reached: entitlement answers no until `until`. Sent within five seconds."""

    account: _Account
    limit_kind: Annotated[
        Literal["cap", "brake"], Meta(description="`cap` of the plan, or `brake`: a budget that stops sessions.")
    ]
    scope: Annotated[
        Literal["account", "bot", "channel", "cost_centre"], Meta(description="Sessions that the limit is for.")
    ]
    name: Annotated[str | None, Meta(description="Bot ID, channel or cost centre; null for the account.")]
    unit: Annotated[Literal["money", "sessions"], Meta(description="Of `limit` and `used`.")]
    currency: _Currency
    limit: Annotated[Amount, Meta(description="The cap, or the amount of the budget.")]
    used: Annotated[Amount, Meta(description="Used when it was reached.")]
    reached_at: Annotated[Instant, Meta(description="Time of the check that noticed it.")]
    until: Annotated[
        Instant | None, Meta(description="End of the cycle or month, after which the limit is unused again.")
    ]
    cycle: Annotated[EventCycle, Meta(description="Present billing cycle.")]
    url: _Url = ""


class AllowanceExhausted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Allowance and packs of a meter are used up. Sent within five seconds."""

    account: _Account
    meter: Annotated[int, Meta(description="Number of the meter in the plan, from 0.")]
    granted: Annotated[Amount, Meta(description="Units of the allowance and of packs.")]
    used: Annotated[Amount, Meta(description="Units used when they were used up.")]
    beyond: Annotated[
        Literal["charged", "recharge", "stopped"],
        Meta(description="What becomes of further sessions: charged as overage, funded by a new pack, or stopped."),
    ]
    exhausted_at: Annotated[Instant, Meta(description="Time of the check that noticed it.")]
    cycle: Annotated[EventCycle, Meta(description="Present billing cycle.")]
    url: _Url = ""


class ReportScheduled(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """A scheduled report is ready. Its files are in the email or folder, or behind `url`."""

    account: _Account
    schedule: Annotated[str, Meta(description="Name of the schedule.")]
    first: Annotated[Day, Meta(description="First day of the report.")]
    last: Annotated[Day, Meta(description="Last day, included.")]
    timezone: Annotated[str | None, Meta(description="In which a view's days are; null for a statement.")] = None
    filters: Annotated[dict[str, list[str]], Meta(description="Filters of a view and of the recipient.")] = {}
    sessions_consumed: Annotated[Count | None, Meta(description="Of a view; null for a statement.")] = None
    statement: Annotated[str | None, Meta(description="Number of the statement; null for a view.")] = None
    total: Annotated[Amount | None, Meta(description="Of a statement; null for a view.")] = None
    currency: _Currency = None
    is_sample: Annotated[bool, Meta(description="A person asked for a sample.")] = False
    url: _Url = ""


class TestSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person sent a test."""

    account: _Account
    message: Annotated[str, Meta(description="Sentence that says so.")]


EVENT_TYPES: Final[Mapping[str, type[Struct]]] = {
    "cap.reached": CapReached,
    "allowance.exhausted": AllowanceExhausted,
    "report.scheduled": ReportScheduled,
    "test": TestSent,
}
"""Types of `data` by the event's `type`."""

_CYCLE: Final = EventCycle(first_day="2026-11-01", last_day="2026-11-30", timezone="Europe/Berlin")
EXAMPLES: Final[Mapping[str, Struct]] = {
    "cap.reached": CapReached(
        account="acme",
        limit_kind="brake",
        scope="bot",
        name="orders",
        unit="money",
        currency="USD",
        limit="500.00",
        used="500.10",
        reached_at="2026-11-24T14:02:11Z",
        until="2026-11-30T23:00:00Z",
        cycle=_CYCLE,
        url="https://meter.example/a/acme/billing/budgets",
    ),
    "allowance.exhausted": AllowanceExhausted(
        account="acme",
        meter=0,
        granted="10000",
        used="10000",
        beyond="charged",
        exhausted_at="2026-11-24T14:02:11Z",
        cycle=_CYCLE,
        url="https://meter.example/a/acme/billing",
    ),
    "report.scheduled": ReportScheduled(
        account="acme",
        schedule="Monday report",
        first="2026-11-16",
        last="2026-11-22",
        timezone="Europe/Berlin",
        filters={"bot": ["orders"]},
        sessions_consumed=11204,
        url="https://meter.example/a/acme/reports/session-usage?period=last_week",
    ),
    "test": TestSent(account="acme", message="This is a test. Notifications from Botmeter arrive here."),
}
"""An example of each event's data, for the reference page."""


def event_data(event: Struct) -> dict[str, Any]:
    """Data of an event as JSON values, for a notification's content or a webhook call."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    return data
