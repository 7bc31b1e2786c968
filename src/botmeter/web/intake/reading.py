"""The offers of one commit → parcels: all that one source sent is read as one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from botmeter.domain.source import Platform, Source
from botmeter.ledger.parcel import Dispatch, Parcel
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.reader import batches_from_json
from botmeter.web.intake.offer import Offer

OWN_FORMS = frozenset({Platform.BOTMETER, Platform.CLOUDEVENTS})
"""Platforms whose events are single JSON objects that say all there is to know."""

SourceOf = Callable[[str], Source | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOffers:
    """A parcel, and which of the commit's offers its dispatches are, in their order."""

    parcel: Parcel
    places: tuple[int, ...]


def parcels_of(offers: Sequence[Offer], *, source_of: SourceOf) -> list[ReadOffers]:
    """The offers of one account, read; a parcel for each source and platform.

    Args:
        source_of: What the account has said of a source; None: nothing.
    """
    together: dict[tuple[str, Platform], list[int]] = {}
    for place, offer in enumerate(offers):
        together.setdefault((offer.source, offer.platform), []).append(place)
    found = []
    for (name, platform), places in together.items():
        own = [offers[place] for place in places]
        parcel = _own_parcel(name, own) if platform in OWN_FORMS else _connected_parcel(name, own, source_of=source_of)
        found.append(ReadOffers(parcel=parcel, places=tuple(places)))
    return found


def _own_parcel(name: str, offers: Sequence[Offer]) -> Parcel:
    dispatches, first = [], 0
    for offer in offers:
        dispatches.append(_dispatch(offer, first_position=first, record_count=len(offer.texts)))
        first += len(offer.texts)
    read = list(batches_from_json(text for offer in offers for text in offer.texts))
    return Parcel(source=name, batch=_one_batch(read), dispatches=tuple(dispatches))


def _connected_parcel(name: str, offers: Sequence[Offer], *, source_of: SourceOf) -> Parcel:
    from botmeter.sources.connected import batch_from_payloads

    source = source_of(name) or Source(name=name, platform=offers[0].platform)
    read = batch_from_payloads(
        [text for offer in offers for text in offer.texts],
        source=source,
        received_us=[offer.received_us for offer in offers],
    )
    dispatches = tuple(
        _dispatch(
            offer,
            first_position=payload.first_position,
            record_count=payload.record_count,
            subject=payload.subject,
            ignored=payload.ignored,
        )
        for offer, payload in zip(offers, read.payloads, strict=True)
    )
    return Parcel(source=name, batch=read.batch, dispatches=dispatches)


def _dispatch(offer: Offer, **said: object) -> Dispatch:
    told = {"delivery_id": offer.delivery_id, "subject": offer.subject, "is_atomic": offer.is_atomic}
    return Dispatch(**{**told, **{name: value for name, value in said.items() if value != ""}})  # type: ignore[arg-type]


def _one_batch(read: list[EventBatch]) -> EventBatch:
    if len(read) == 1:
        return read[0]
    if not read:
        return EventBatch(events=EVENTS_SCHEMA.empty_table(), positions=pa.array([], pa.int64()))
    return EventBatch(
        events=pa.concat_tables([batch.events for batch in read]).unify_dictionaries().combine_chunks(),
        positions=pa.concat_arrays([batch.positions for batch in read]),
        rejections=tuple(rejection for batch in read for rejection in batch.rejections),
    )
