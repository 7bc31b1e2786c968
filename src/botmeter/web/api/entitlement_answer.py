"""Answer of the entitlement route."""

from typing import Annotated

from msgspec import Meta, Struct

from botmeter.billing.next_session import Brake
from botmeter.domain.instant import text_from_us
from botmeter.live.entitlement.account_entitlement import Entitlement
from botmeter.reports.report_json import Count, Instant
from botmeter.web.api.billing_answers import Amount


class RunningSession(Struct, frozen=True, forbid_unknown_fields=True):
    """The session that the next message belongs to."""

    id: str
    ends_at: Annotated[Instant | None, Meta(description="Null while no limit of the policy ends it.")]


class EntitlementAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """Outcome that the customer's next message would have."""

    allowed: Annotated[bool, Meta(description="False only if it opens a session that a brake or the plan refuses.")]
    opens_session: bool
    session: Annotated[RunningSession | None, Meta(description="Null: it opens one, or does not count.")]
    left: Annotated[Count | None, Meta(description="Sessions that allowance and packs still fund. Null: no plan.")]
    cost: Annotated[
        Amount | None, Meta(description="Price of the session that it opens, before tax; 0 if none. Null: no plan.")
    ]
    currency: str | None
    reason: Annotated[Brake | None, Meta(description="Null: it is allowed.")]
    as_of: Annotated[Instant, Meta(description="All events acknowledged by then are counted.")]


def entitlement_answer(entitlement: Entitlement) -> EntitlementAnswer:
    """Entitlement for the API."""
    session = entitlement.session
    running = None
    if session is not None:
        ends_at = None if session.ended_at is None else text_from_us(session.ended_at)
        running = RunningSession(id=session.session_id, ends_at=ends_at)
    return EntitlementAnswer(
        allowed=entitlement.brake is None,
        opens_session=entitlement.opens_session,
        session=running,
        left=entitlement.left,
        cost=None if entitlement.cost is None else f"{entitlement.cost:f}",
        currency=entitlement.currency,
        reason=entitlement.brake,
        as_of=text_from_us(entitlement.as_of),
    )
