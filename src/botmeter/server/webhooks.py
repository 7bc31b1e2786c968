"""`/api/v1/webhooks/{source}/{key}`: platform deliveries."""

import asyncio
from functools import partial
from typing import Final
from urllib.parse import unquote

from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us
from botmeter.live.event_body import BODY_BYTES_MAX
from botmeter.live.parse import AHEAD_RECORDS, parsed_ahead
from botmeter.live.queue import PendingDelivery
from botmeter.live.server_state import ServerState
from botmeter.live.webhook_deliveries import pending_delivery
from botmeter.people.sources import OpenedSource, cached_source, opened_source
from botmeter.people.wrong_secrets import WrongSecrets
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.request import Request, in_body_thread
from botmeter.sources.cloudevents_http import allowed_origin
from botmeter.sources.payloads.payload import Delivery
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.api.ingest_schema import delivery_receipt_of

PREFIX: Final = "/api/v1/webhooks/"
_LIMITS: Final = BodyLimits(bytes_max=BODY_BYTES_MAX, advice="Configure the platform to send smaller deliveries.")


async def answer_webhooks(request: Request, *, state: ServerState) -> Answer:
    """Answer a delivery, the platform's check of the address, or a CloudEvents handshake."""
    source = await _source_of(request, wrong=state.wrong_secrets)
    if request.method == "OPTIONS":
        return Answer(headers=allowed_origin(request.headers))
    if request.method == "GET":
        return _challenge_answer(source, request)

    def parse(body: bytes) -> PendingDelivery:
        delivery = Delivery(body=body, headers=request.headers, received_us=now_us())
        return pending_delivery(source, delivery, number=request.number)

    request.holder = source.account
    pending = await request.parsed_body(_LIMITS, parse)
    if len(pending.records) >= AHEAD_RECORDS:
        pending = await in_body_thread(partial(parsed_ahead, pending, recent_source=state.store.recent_source))
    state.ingestion.enqueue(pending)
    # Also for quarantined events, which the platform need not resend.
    return Answer.of_json(delivery_receipt_of(await asyncio.wrap_future(pending.receipt)))


async def _source_of(request: Request, *, wrong: WrongSecrets) -> OpenedSource:
    address = request.raw_path.decode("latin-1").removeprefix(PREFIX)
    name, _, key = address.partition("/")
    if not name or not key or "/" in key:
        raise Missing("route_unknown", "The address of a source is /api/v1/webhooks/{source}/{key}.")
    name, key = unquote(name), unquote(key)
    source = cached_source(name, key)
    if source is not None:
        return source

    def opened() -> OpenedSource:
        with wrong.lookup(address, network=request.network()):
            return opened_source(name, key)

    # Also here, so that a flood of wrong keys does not wait for threads.
    wrong.check(address, network=request.network())
    return await asyncio.to_thread(opened)


def _challenge_answer(source: OpenedSource, request: Request) -> Answer:
    challenge = connector_of(source.platform).challenge
    if challenge is None:
        return Answer.of_json({"source": source.name, "platform": source.platform})
    text = challenge(request.query(), source.verify_token)
    return Answer(body=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
