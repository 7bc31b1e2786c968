"""`POST /api/v1/events`, answered once accepted events are on disk."""

import asyncio
from functools import partial
from typing import Final

import msgspec

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, checked_source_name
from botmeter.live.event_body import BODY_BYTES_MAX, REQUESTS_A_MINUTE, SPLIT_ADVICE, split_body
from botmeter.live.parse import AHEAD_RECORDS, parsed_ahead
from botmeter.live.queue import PendingDelivery
from botmeter.live.server_state import ServerState
from botmeter.people.keys import Scope, check_rate, key_from_headers, require_scope
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.request import Request, in_body_thread
from botmeter.sources.cloudevents_http import allowed_origin
from botmeter.sources.platforms.registry import NATIVE_PLATFORM
from botmeter.web.api.ingest_schema import EventsProblem, receipt_of
from botmeter.web.api.problem_details import problem_from_error
from botmeter.web.api.table import SEND_EVENTS

_LIMITS: Final = BodyLimits(bytes_max=BODY_BYTES_MAX, advice=SPLIT_ADVICE)
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_PARAMETERS: Final = tuple(parameter.name for parameter in SEND_EVENTS.parameters)


async def answer_events(request: Request, *, state: ServerState) -> Answer:
    """Answer POST with a receipt, and OPTIONS with the handshake of CloudEvents (HTTP 1.1 Web Hooks, section 4)."""
    if request.method == "OPTIONS":
        return Answer(headers=allowed_origin(request.headers))
    key = await key_from_headers(request.headers, wrong=state.wrong_secrets, network=request.network)
    require_scope(key, Scope.EVENTS_WRITE)
    check_rate(state.event_requests, key, limit=REQUESTS_A_MINUTE)
    parameters = request.query(known=_PARAMETERS)
    atomic = parameters.get("atomic", "false")
    if atomic.lower() not in _BOOLEANS:
        raise Refused("parameter_invalid", f"Parameter atomic is {atomic[:40]!r}; it must be true or false.")
    source = checked_source_name(parameters.get("source") or DEFAULT_SOURCE)
    request.holder = key.account
    body = await request.parsed_body(_LIMITS, partial(split_body, headers=request.headers))
    if not body.records:
        return Answer.of_json(receipt_of(Receipt()))
    pending = PendingDelivery(
        account=key.account,
        source=source,
        platform=NATIVE_PLATFORM,
        records=body.records,
        received_us=now_us(),
        delivery_id=request.number,
        subject=body.subject,
        is_atomic=_BOOLEANS[atomic.lower()],
    )
    if len(pending.records) >= AHEAD_RECORDS:
        pending = await in_body_thread(partial(parsed_ahead, pending, recent_source=state.store.recent_source))
    state.ingestion.enqueue(pending)
    return receipt_answer(await asyncio.wrap_future(pending.receipt), is_atomic=pending.is_atomic)


def receipt_answer(receipt: Receipt, *, is_atomic: bool) -> Answer:
    """Answer with the receipt; a refused atomic batch is a problem."""
    if not is_atomic or not (receipt.rejected or receipt.conflicts):
        return Answer.of_json(receipt_of(receipt))
    error: Refused
    if receipt.rejected:
        error = Refused(
            "events_refused",
            f"No event was accepted (atomic=true): {receipt.rejected:,} are invalid. See the receipt for the reasons.",
        )
    else:
        error = Conflict(
            "events_conflict",
            f"No event was accepted (atomic=true): {receipt.conflicts:,} were sent before with different content. See "
            "the receipt for which.",
        )
    details = msgspec.structs.asdict(problem_from_error(error))
    return Answer.of_problem(EventsProblem(**details, receipt=receipt_of(receipt)))
