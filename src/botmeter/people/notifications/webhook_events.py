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


class AlertScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sessions that an alert watches."""

    scope: Annotated[Literal["account", "bot", "channel", "cost_centre"], Meta(description="Kind of the part.")]
    name: Annotated[str | None, Meta(description="Bot ID, channel or cost centre; null for the account.")] = None


class AlertBudget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Budget that an alert watches."""

    scope: Annotated[Literal["account", "bot", "channel", "cost_centre"], Meta(description="Kind of the part.")]
    name: Annotated[str | None, Meta(description="Bot ID, channel or cost centre; null for the account.")]
    per: Annotated[Literal["cycle", "month"], Meta(description="Period of the budget.")]
    is_brake: Annotated[bool, Meta(description="It also stops sessions.")]


class AlertCycle(EventCycle, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Billing cycle with what was used."""

    sessions: Annotated[Count, Meta(description="Sessions until now.")]
    total: Annotated[Amount, Meta(description="Cost until now.")]
    left: Annotated[Amount | None, Meta(description="Units left of allowance and packs.")] = None
    expected_sessions: Annotated[Count | None, Meta(description="Sessions that the forecast expects by the end.")] = (
        None
    )
    expected_total: Annotated[Amount | None, Meta(description="Cost that the forecast expects by the end.")] = None


class AlertDriver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part that has grown most."""

    dimension: Annotated[Literal["bot", "channel", "code"], Meta(description="`code` is that of refused events.")]
    name: Annotated[str, Meta(description="Bot ID, channel or code.")]
    label: Annotated[str, Meta(description="Name as pages show it.")]
    count: Annotated[Count, Meta(description="Sessions or events.")]
    before: Annotated[
        float | None,
        Meta(description="As many until then in the cycle before, or usually in that hour; null if unknown."),
    ]


class AlertCrossed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level of an alert is crossed. Each level is sent once in its cycle; fields that a kind lacks are null."""

    account: _Account
    alert: Annotated[str, Meta(description="Name of the alert.")]
    kind: Annotated[
        str,
        Meta(
            description="`usage`, `sessions`, `money`, `forecast`, `budget`, `cap`, `spike`, `silent_source`, "
            "`quarantine`, `metering_delay`, `packs_lapse`, `recharges` or `statement`."
        ),
    ]
    level: Annotated[str, Meta(description="Level in `unit`, or the moment of a statement.")]
    unit: Annotated[
        str | None, Meta(description="`percent`, `sessions`, `money`, `times`, `hours`, `events`, `days`, …")
    ]
    value: Annotated[Amount | None, Meta(description="Value that crossed the level.")]
    subject: Annotated[
        str | None, Meta(description="Budget, packs, source or statement, if the alert watches several.")
    ]
    scope: Annotated[AlertScope | None, Meta(description="Null: the whole account.")] = None
    target: Annotated[str | None, Meta(description="With what a forecast is compared.")] = None
    as_of: Annotated[Instant, Meta(description="Time of the figures.")]
    currency: _Currency = None
    cycle: Annotated[AlertCycle | None, Meta(description="Present billing cycle.")] = None
    amount_unit: Annotated[str | None, Meta(description="Of the amounts: `units`, `sessions`, `money` or `packs`.")] = (
        None
    )
    used: Annotated[Amount | None, Meta(description="Used until now.")] = None
    limit: Annotated[Amount | None, Meta(description="Limit of it.")] = None
    left: Annotated[Amount | None, Meta(description="Left until the limit.")] = None
    expected: Annotated[Amount | None, Meta(description="Expected by the end of the cycle.")] = None
    usual: Annotated[Amount | None, Meta(description="Usual sessions of that hour, for a spike.")] = None
    on: Annotated[Day | None, Meta(description="Day on which the limit is reached, or packs lapse.")] = None
    stopped: Annotated[Count | None, Meta(description="Sessions that the cap has stopped.")] = None
    budget: Annotated[AlertBudget | None, Meta(description="Budget that is watched.")] = None
    bot_name: Annotated[str | None, Meta(description="Name of the bot of `scope` or `budget`.")] = None
    statement_day: Annotated[Day | None, Meta(description="First day of the statement's cycle.")] = None
    number: Annotated[str | None, Meta(description="Number of the statement.")] = None
    driver: Annotated[AlertDriver | None, Meta(description="Part that has grown most.")] = None
    url: _Url = ""


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


class StatementClosed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement is closed, by the server or by a person. Sent once, within about a minute; it never changes."""

    account: _Account
    number: Annotated[str, Meta(description="Number of the statement.")]
    cycle: Annotated[EventCycle, Meta(description="Billing cycle of the statement.")]
    currency: Annotated[str, Meta(description="Of `total`.")]
    total: Annotated[Amount, Meta(description="Total with tax.")]
    sessions: Annotated[Count, Meta(description="Sessions of the cycle.")]
    closed_at: Annotated[Instant, Meta(description="Time of closing.")]
    closed_by: Annotated[str | None, Meta(description="Who closed it; null for the server.")]
    sha256: Annotated[str, Meta(description="Of the statement's document.")]
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
    "alert.crossed": AlertCrossed,
    "cap.reached": CapReached,
    "allowance.exhausted": AllowanceExhausted,
    "statement.closed": StatementClosed,
    "report.scheduled": ReportScheduled,
    "test": TestSent,
}
"""Types of `data` by the event's `type`."""

_CYCLE: Final = EventCycle(first_day="2026-11-01", last_day="2026-11-30", timezone="Europe/Berlin")
EXAMPLES: Final[Mapping[str, Struct]] = {
    "alert.crossed": AlertCrossed(
        account="acme",
        alert="Allowance",
        kind="usage",
        level="80",
        unit="percent",
        value="80.2",
        subject="",
        as_of="2026-11-20T09:41:07Z",
        currency="USD",
        cycle=AlertCycle(
            first_day="2026-11-01",
            last_day="2026-11-30",
            timezone="Europe/Berlin",
            sessions=8020,
            total="490.00",
            left="1980",
            expected_sessions=11950,
            expected_total="685.00",
        ),
        amount_unit="units",
        used="8020",
        limit="10000",
        left="1980",
        expected="11950",
        on="2026-11-25",
        driver=AlertDriver(dimension="bot", name="orders", label="Order bot", count=5104, before=3410),
        url="https://meter.example/a/acme/admin/billing",
    ),
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
        url="https://meter.example/a/acme/admin/billing/budgets",
    ),
    "allowance.exhausted": AllowanceExhausted(
        account="acme",
        meter=0,
        granted="10000",
        used="10000",
        beyond="charged",
        exhausted_at="2026-11-24T14:02:11Z",
        cycle=_CYCLE,
        url="https://meter.example/a/acme/admin/billing",
    ),
    "statement.closed": StatementClosed(
        account="acme",
        number="ACME-000011",
        cycle=_CYCLE,
        currency="USD",
        total="612.40",
        sessions=11874,
        closed_at="2026-12-03T23:00:41Z",
        closed_by=None,
        sha256="3f0a377ba0a4a460ecb616f6507ce0d8cfa3e704025d4fda3ed0c5ca05468728",
        url="https://meter.example/a/acme/admin/billing/statements/ACME-000011",
    ),
    "report.scheduled": ReportScheduled(
        account="acme",
        schedule="Monday report",
        first="2026-11-16",
        last="2026-11-22",
        timezone="Europe/Berlin",
        filters={"bot": ["orders"]},
        sessions_consumed=11204,
        url="https://meter.example/a/acme/reports/bot-session-consumption?period=last_week",
    ),
    "test": TestSent(account="acme", message="This is a test. Notifications from Botmeter arrive here."),
}
"""An example of each event's data, for the reference page."""


def alert_event(facts: Mapping[str, Any], *, account: str, url: str) -> AlertCrossed:
    """Event of the facts of a crossed alert; others of its kind are left out."""
    known = {name: facts[name] for name in AlertCrossed.__struct_fields__ if name in facts}
    return msgspec.convert({**known, "account": account, "alert": facts["name"], "url": url}, AlertCrossed)


def event_data(event: Struct) -> dict[str, Any]:
    """Data of an event as JSON values, for a notification's content or a webhook call."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    return data
