"""`/api/v1/webhooks/{source}/{key}`: platform deliveries."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us
from botmeter.live.event_body import BODY_BYTES_MAX
from botmeter.live.ingest import Ingestion
from botmeter.live.queue import PendingDelivery
from botmeter.live.webhook_deliveries import pending_delivery
from botmeter.people.sources import OpenedSource, cached_source, opened_source
from botmeter.server.answers import delivery_answer, handshake_answer
from botmeter.server.body_pool import LARGE_BYTES, in_body_thread
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits, decompressed
from botmeter.server.front.request import Request
from botmeter.sources.payload import Delivery
from botmeter.sources.platforms.registry import connector_of

PREFIX: Final = "/api/v1/webhooks/"
_LIMITS: Final = BodyLimits(bytes_max=BODY_BYTES_MAX, advice="Configure the platform to send smaller deliveries.")


class WebhooksRoute:
    """The route."""

    def __init__(self, ingestion: Ingestion) -> None:
        self._ingestion = ingestion

    async def answer(self, request: Request) -> Answer:
        source = await _source_of(request)
        match request.method:
            case "GET":
                return _challenge_answer(source, request)
            case "OPTIONS":
                return handshake_answer(request)
            case _:
                body = await request.body(_LIMITS)
                if len(body) > LARGE_BYTES or "content-encoding" in request.headers:
                    batch = await in_body_thread(partial(_batch, source, body, request=request))
                else:
                    batch = _batch(source, body, request=request)
                self._ingestion.enqueue(batch)
                return delivery_answer(await asyncio.wrap_future(batch.receipt))


def _batch(source: OpenedSource, body: bytes, *, request: Request) -> PendingDelivery:
    body = decompressed(body, headers=request.headers, limits=_LIMITS)
    delivery = Delivery(body=body, headers=request.headers, received_us=now_us())
    return pending_delivery(source, delivery, number=request.number)


async def _source_of(request: Request) -> OpenedSource:
    name, _, key = request.raw_path.removeprefix(PREFIX).partition("/")
    if not name or not key or "/" in key:
        raise Missing("route_unknown", "The address of a source is /api/v1/webhooks/{source}/{key}.")
    name, key = unquote(name), unquote(key)
    source = cached_source(name, key)
    return await asyncio.to_thread(opened_source, name, key) if source is None else source


def _challenge_answer(source: OpenedSource, request: Request) -> Answer:
    challenge = connector_of(source.platform).challenge
    if challenge is None:
        return Answer.of_json({"source": source.name, "platform": source.platform})
    text = challenge(request.query(), source.verify_token)
    return Answer(status=HTTPStatus.OK, body=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
