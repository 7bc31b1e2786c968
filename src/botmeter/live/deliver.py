"""Deliveries that a page sends as a test, through the same queue as those of platforms."""

from concurrent.futures import Future
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.live.ingest import Intake
from botmeter.live.pending import Answered, Offer
from botmeter.live.records import texts_from_body
from botmeter.people.source_cache import OpenedSource
from botmeter.sources.payload import Delivery
from botmeter.sources.platforms.registry import connector_of

_ANSWERED_WITHIN_SECONDS: Final = 30.0


def deliver(intake: Intake, source: OpenedSource, *, delivery: Delivery, number: str) -> Answered:
    """Queue a delivery as if its platform had sent it, and wait for its receipt.

    Args:
        number: Its id where the platform gives it none.

    Raises:
        NotAllowed, Refused, TooMuch: As the platform would be answered.
        Unavailable: `server_stopping`, `queue_full`, `ledger_busy`, `delivery_unanswered`.
    """
    told: Future[Answered] = Future()

    def tell(answer: Answered | Exception) -> None:
        if isinstance(answer, Exception):
            told.set_exception(answer)
        else:
            told.set_result(answer)

    intake.offer(offer_of(source, delivery, number=number), tell=tell)
    try:
        return told.result(_ANSWERED_WITHIN_SECONDS)
    except TimeoutError:
        raise Unavailable(
            "delivery_unanswered",
            f"The delivery was not written within {_ANSWERED_WITHIN_SECONDS:g} seconds. It may be later; look at the "
            "last deliveries.",
        ) from None


def offer_of(source: OpenedSource, delivery: Delivery, *, number: str) -> Offer:
    """What a delivery offers, once it is known that the platform sent it.

    Args:
        number: What to call it where the platform calls it nothing.

    Raises:
        NotAllowed: `signature_missing`, `signature_wrong`, `delivery_too_old`.
        Refused, TooMuch: what `texts_from_body` raises, for events in our own words.
    """
    connector = connector_of(source.platform)
    if source.secret and connector.secret is not None:
        connector.secret.check(delivery, source.secret)
    texts: tuple[bytes, ...] = (delivery.body,)
    if connector.is_native:
        texts = texts_from_body(delivery.body, headers=delivery.headers).texts
    return Offer(
        account=source.account,
        source=source.name,
        platform=source.platform,
        texts=texts,
        received_us=delivery.received_us,
        delivery_id=connector.delivery_id(delivery) or number,
    )
