"""`POST /api/v1/events`, answered once accepted events are on disk."""

import asyncio
import time
from functools import partial
from typing import Final

from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.instant import now_us
from botmeter.domain.rate_limit import RateLimiter
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, checked_source_name
from botmeter.live.event_body import BODY_BYTES_MAX, REQUESTS_A_MINUTE, SPLIT_ADVICE, SplitBody, split_body
from botmeter.live.ingest import Ingestion
from botmeter.live.queue import PendingDelivery
from botmeter.people.key_cache import cached_key, known_key
from botmeter.people.keys import KnownKey, Scope
from botmeter.server.answers import handshake_answer, receipt_answer
from botmeter.server.body_pool import LARGE_BYTES, in_body_thread
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits, decompressed
from botmeter.server.front.request import Request
from botmeter.sources.platforms.registry import NATIVE_PLATFORM
from botmeter.web.api.ingest_schema import receipt_of
from botmeter.web.api.problems import key_missing
from botmeter.web.api.table import SEND_EVENTS

_LIMITS: Final = BodyLimits(bytes_max=BODY_BYTES_MAX, advice=SPLIT_ADVICE)
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_PARAMETERS: Final = SEND_EVENTS.parameter_names


class EventsRoute:
    """The route and its rate limiter."""

    def __init__(self, ingestion: Ingestion) -> None:
        self._ingestion = ingestion
        self._limiter = RateLimiter()

    async def answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return handshake_answer(request)
        key = await self._admitted(request)
        parameters = request.query(known=_PARAMETERS)
        atomic = parameters.get("atomic", "false")
        if atomic.lower() not in _BOOLEANS:
            raise Refused("parameter_invalid", f"Parameter atomic is {atomic[:40]!r}; it must be true or false.")
        source = checked_source_name(parameters.get("source") or DEFAULT_SOURCE)
        body = await request.body(_LIMITS)
        if len(body) > LARGE_BYTES or "content-encoding" in request.headers:
            read = await in_body_thread(partial(_decompressed_records, body, request=request))
        else:
            read = split_body(body, headers=request.headers)
        if not read.records:
            return Answer.of_json(receipt_of(Receipt()))
        batch = PendingDelivery(
            account=key.account,
            source=source,
            platform=NATIVE_PLATFORM,
            records=read.records,
            received_us=now_us(),
            delivery_id=request.number,
            subject=read.subject,
            is_atomic=_BOOLEANS[atomic.lower()],
        )
        self._ingestion.enqueue(batch)
        return receipt_answer(await asyncio.wrap_future(batch.receipt), is_atomic=batch.is_atomic)

    async def _admitted(self, request: Request) -> KnownKey:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        secret = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
        if not secret:
            raise key_missing()
        key = cached_key(secret)
        if key is None:
            key = await asyncio.to_thread(known_key, secret)
        key.require(Scope.EVENTS_WRITE)
        if not self._limiter.allows(key.pk, limit=REQUESTS_A_MINUTE, now_seconds=time.time()):
            raise Unavailable(
                "rate_exceeded",
                f"The key {key.start}… has sent more than {REQUESTS_A_MINUTE:,} requests in this minute. Send more "
                "events per request.",
            )
        return key


def _decompressed_records(body: bytes, *, request: Request) -> SplitBody:
    return split_body(decompressed(body, headers=request.headers, limits=_LIMITS), headers=request.headers)
