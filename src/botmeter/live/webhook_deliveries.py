"""Deliveries of platforms, and test deliveries."""

from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live.event_body import EVENTS_MAX, events_too_many, split_body
from botmeter.live.ingest import Ingestion
from botmeter.live.queue import PendingDelivery
from botmeter.people.sources import OpenedSource
from botmeter.sources.payloads.payload import Delivery
from botmeter.sources.payloads.payload_envelopes import inner_events
from botmeter.sources.platforms.registry import connector_of

_ANSWERED_WITHIN_SECONDS: Final = 30.0


def pending_delivery(source: OpenedSource, delivery: Delivery, *, number: str) -> PendingDelivery:
    """Check a delivery's signature and read its records.

    Args:
        number: Delivery id if the platform gives none.
    """
    connector = connector_of(source.platform)
    if source.secret and connector.secret is not None:
        connector.secret.check(delivery, source.secret)
    records: tuple[bytes, ...] = (delivery.body,)
    if connector.is_native:
        split = split_body(delivery.body, headers=delivery.headers).records
        records = tuple(inner for record in split for inner in inner_events(record, connector))
        if len(records) > EVENTS_MAX:
            raise events_too_many(len(records))
    return PendingDelivery(
        account=source.account,
        source=source.name,
        platform=source.platform,
        records=records,
        received_us=delivery.received_us,
        delivery_id=delivery.headers.get(connector.delivery_id_header) or number,
    )


def deliver(ingestion: Ingestion, source: OpenedSource, *, delivery: Delivery, number: str) -> Receipt:
    """Queue a delivery as if its platform had sent it, and wait for its receipt.

    Raises:
        Unavailable: `delivery_unanswered`; as `Ingestion.enqueue`.
    """
    pending = pending_delivery(source, delivery, number=number)
    ingestion.enqueue(pending)
    try:
        return pending.receipt.result(_ANSWERED_WITHIN_SECONDS)
    except TimeoutError:
        raise Unavailable(
            "delivery_unanswered",
            f"The delivery was not stored within {_ANSWERED_WITHIN_SECONDS:g} seconds. It may be stored later; check "
            "the latest deliveries.",
        ) from None
