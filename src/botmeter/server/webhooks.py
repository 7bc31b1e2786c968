"""`/api/v1/webhooks/{source}/{key}`: what a platform sends of itself, its signature checked, read by its connector."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us
from botmeter.live.deliver import offer_of
from botmeter.live.ingest import Intake
from botmeter.live.pending import Answered, Offer
from botmeter.live.records import BODY_BYTES_MAX
from botmeter.people.source_cache import OpenedSource
from botmeter.people.sources import opened_source, remembered_source
from botmeter.server.body_pool import is_long_work, worked_out
from botmeter.server.front.body import BodyLimits, unpacked
from botmeter.server.front.request import Answer, Request
from botmeter.server.handshake import handshake_answer
from botmeter.server.receipts import receipt_as_mapping
from botmeter.sources.payload import Delivery
from botmeter.sources.platforms.registry import connector_of

STARTS: Final = "/api/v1/webhooks/"
_LIMITS: Final = BodyLimits(size_bytes=BODY_BYTES_MAX, advice="Have the platform send less at once.")


class WebhooksRoute:
    """The route."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def answer(self, request: Request) -> Answer:
        """Takes a delivery in, or says what the platform asks before it sends any. Raises errors of ours."""
        source = await _source_of(request)
        match request.method:
            case "GET":
                return _challenged(source, request)
            case "OPTIONS":
                return handshake_answer(request)
            case _:
                body = await request.body(_LIMITS)
                if is_long_work(body, headers=request.headers):
                    offer = await worked_out(partial(_offer, source, body, request=request))
                else:
                    offer = _offer(source, body, request=request)
                return answer_of(await self._intake.answered(offer))


def _offer(source: OpenedSource, body: bytes, *, request: Request) -> Offer:
    headers = dict(request.headers)
    plain = unpacked(body, headers=headers, limits=_LIMITS)
    delivery = Delivery(body=plain, headers=headers, received_us=now_us())
    return offer_of(source, delivery, number=request.number)


def answer_of(answered: Answered) -> Answer:
    """What a platform is told. What is kept in quarantine need not be sent again, so that is no failure."""
    return Answer.of_json({**receipt_as_mapping(answered.receipt), "ignored": list(answered.ignored)})


async def _source_of(request: Request) -> OpenedSource:
    name, _, key = request.raw_path.removeprefix(STARTS).partition("/")
    if not name or not key or "/" in key:
        raise Missing("route_unknown", "The address of a source is /api/v1/webhooks/{source}/{key}.")
    name, key = unquote(name), unquote(key)
    remembered = remembered_source(name, key)
    return await asyncio.to_thread(opened_source, name, key) if remembered is None else remembered


def _challenged(source: OpenedSource, request: Request) -> Answer:
    """Answer the request by which a platform checks that the address is ours."""
    challenge = connector_of(source.platform).challenge
    if challenge is None:
        return Answer.of_json({"source": source.name, "platform": source.platform})
    text = challenge(request.words(), source.verify_token)
    return Answer(status=HTTPStatus.OK, body=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
