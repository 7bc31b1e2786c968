"""`POST /api/v1/events`: a program's own events, in any form, answered when what was taken is on disk."""

import asyncio
import time
from functools import partial
from typing import Final

from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, checked_source_name
from botmeter.live.ingest import Intake
from botmeter.live.pending import Offer
from botmeter.live.records import BODY_BYTES_MAX, REQUESTS_A_MINUTE, SPLIT_ADVICE, Texts, texts_from_body
from botmeter.people.key_cache import KnownKey, known_key, remembered_key
from botmeter.people.keys import Scope
from botmeter.server.body_pool import is_long_work, worked_out
from botmeter.server.front.body import BodyLimits, unpacked
from botmeter.server.front.request import Answer, Request
from botmeter.server.handshake import handshake_answer
from botmeter.server.receipts import receipt_answer, receipt_as_mapping
from botmeter.sources.platforms.registry import NATIVE_PLATFORM
from botmeter.web.api.problem_details import RATE_WINDOW_SECONDS
from botmeter.web.api.problems import key_missing

_LIMITS: Final = BodyLimits(size_bytes=BODY_BYTES_MAX, advice=SPLIT_ADVICE)
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


class EventsRoute:
    """The route, with the counts of its keys' requests."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._window = 0
        self._counts: dict[int, int] = {}

    async def answer(self, request: Request) -> Answer:
        """Takes the request's events in. Raises errors of ours."""
        if request.method == "OPTIONS":
            return handshake_answer(request)
        key = await _key_of(request)
        key.require(Scope.EVENTS_WRITE)
        self._count(key)
        asked = request.query(known=("atomic", "source"))
        is_atomic = _truth(asked.get("atomic", "false"))
        source = checked_source_name(asked.get("source") or DEFAULT_SOURCE)
        headers = dict(request.headers)
        body = await request.body(_LIMITS)
        if is_long_work(body, headers=headers):
            found = await worked_out(partial(_texts, body, headers=headers))
        else:
            found = _texts(body, headers=headers)
        if not found.texts:
            return Answer.of_json(receipt_as_mapping(Receipt()))
        answered = await self._intake.answered(
            Offer(
                account=key.account,
                source=source,
                platform=NATIVE_PLATFORM,
                texts=found.texts,
                received_us=now_us(),
                delivery_id=request.number,
                subject=found.subject,
                is_atomic=is_atomic,
            )
        )
        return receipt_answer(answered.receipt, is_atomic=is_atomic)

    def _count(self, key: KnownKey) -> None:
        window = int(time.time()) // RATE_WINDOW_SECONDS
        if window != self._window:
            self._window, self._counts = window, {}
        count = self._counts[key.pk] = self._counts.get(key.pk, 0) + 1
        if count > REQUESTS_A_MINUTE:
            raise Unavailable(
                "rate_exceeded",
                f"The key {key.start}… has sent more than {REQUESTS_A_MINUTE:,} requests in this minute; "
                "send more events in each.",
            )


def _texts(body: bytes, *, headers: dict[str, str]) -> Texts:
    return texts_from_body(unpacked(body, headers=headers, limits=_LIMITS), headers=headers)


async def _key_of(request: Request) -> KnownKey:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    secret = given.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
    if not secret:
        raise key_missing()
    remembered = remembered_key(secret)
    return await asyncio.to_thread(known_key, secret) if remembered is None else remembered


def _truth(text: str) -> bool:
    try:
        return _TRUTHS[text.lower()]
    except KeyError:
        raise Refused("parameter_invalid", f"atomic can be true or false, not {text[:40]!r}.") from None
