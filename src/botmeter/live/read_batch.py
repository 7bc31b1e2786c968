"""The offers of one commit → parcels: all that one source sent is read as one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botmeter.domain.source import Source
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.live.pending import Offer
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.defaults import records_with_defaults
from botmeter.sources.elements import Objects
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.payload_batches import ReadPayload, batch_from_payloads
from botmeter.sources.platforms.registry import connector_of

SourceOf = Callable[[str], Source | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOffers:
    """A parcel, and which of the commit's offers its dispatches are, in their order."""

    parcel: LiveBatch
    places: tuple[int, ...]


def parcels_of(offers: Sequence[Offer], *, source_of: SourceOf) -> list[ReadOffers]:
    """The offers of one account, read; a parcel for each source and platform.

    Args:
        source_of: What the account has said of a source; None: nothing.
    """
    together: dict[tuple[str, str], list[int]] = {}
    for place, offer in enumerate(offers):
        together.setdefault((offer.source, offer.platform), []).append(place)
    found = []
    for (name, platform), places in together.items():
        own = [offers[place] for place in places]
        source = source_of(name) or Source(name=name, platform=platform)
        parcel = _own_parcel(source, own) if connector_of(platform).is_native else _connected_parcel(source, own)
        found.append(ReadOffers(parcel=parcel, places=tuple(places)))
    return found


def _own_parcel(source: Source, offers: Sequence[Offer]) -> LiveBatch:
    dispatches, first = [], 0
    for offer in offers:
        dispatches.append(_dispatch(offer, ReadPayload(first_position=first, record_count=len(offer.texts))))
        first += len(offer.texts)
    timed = [with_receipt_time(text, received_us=offer.received_us) for offer in offers for text in offer.texts]
    objects = Objects.from_texts(timed)
    batch = batch_from_records(records_with_defaults(records_from_objects(objects, first=0), source))
    return LiveBatch(source=source.name, batch=batch, deliveries=tuple(dispatches))


def _connected_parcel(source: Source, offers: Sequence[Offer]) -> LiveBatch:
    read = batch_from_payloads(
        [text for offer in offers for text in offer.texts],
        source=source,
        connector=connector_of(source.platform),
        received_us=[offer.received_us for offer in offers],
    )
    dispatches = tuple(_dispatch(offer, payload) for offer, payload in zip(offers, read.payloads, strict=True))
    return LiveBatch(source=source.name, batch=read.batch, deliveries=dispatches)


def _dispatch(offer: Offer, found: ReadPayload) -> BatchDelivery:
    return BatchDelivery(
        first_position=found.first_position,
        record_count=found.record_count,
        delivery_id=offer.delivery_id,
        subject=found.subject or offer.subject,
        ignored=found.ignored,
        ignored_count=found.ignored_count,
        is_atomic=offer.is_atomic,
    )
