"""Policy changes: from a future midnight, or for the past."""

from datetime import date

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.contents import write_policy
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.plan_sessions import meter_plan_sessions
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.restatements import Cause, PastDays
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import ALWAYS_US, Policy

sql = statements_of(__name__)


def is_in_the_past(from_on: date | None, *, now_us: int) -> bool:
    """Return whether a policy from that UTC day changes counted sessions; None: always."""
    return from_on is None or from_on <= day_of_us(now_us)


def set_policy(ledger: Ledger, policy: Policy, *, from_on: date | None, now_us: int) -> None:
    """Put a policy in force from a UTC day; None replaces the whole schedule.

    From a day that has begun, all sessions are metered again and days restated.

    Raises:
        Conflict: `policy_label_taken` if another policy has its name and version.
        Refused: `policy_day_invalid` before 1970.
    """
    ledger.refuse_in_lake("Its policies can't be changed here")
    from_us = ALWAYS_US if from_on is None else day_start_us(from_on)
    if from_on is not None and from_us < 0:
        raise Refused("policy_day_invalid", f"A policy can't begin on {from_on}. The earliest day is 1970-01-01.")
    others = [term.policy for term in ledger.schedule if from_on is not None and term.from_us != from_us]
    for other in others:
        if other.label == policy.label and other != policy:
            raise Conflict(
                "policy_label_taken",
                f"The account has another policy {policy.label} already; give this one a new version.",
            )
    with ledger.transaction() as connection:
        if from_on is None:
            connection.execute(sql("delete_all"))
        connection.execute(sql("delete_from"), {"from_at": from_us})
        write_policy(connection, policy, position=0, from_us=from_us, now_us=now_us)
        connection.execute(sql("number_policies"))
        ledger.reload()
        if is_in_the_past(from_on, now_us=now_us):
            remeter_everything(ledger, past_days=PastDays.of_change(Cause.POLICY_CHANGE, 0, now_us=now_us))
        else:
            # A plan's policy may be the account's own no longer.
            meter_plan_sessions(ledger)
