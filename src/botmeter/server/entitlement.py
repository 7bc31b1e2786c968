"""`GET /api/v1/accounts/{account}/entitlement`, answered from memory."""

import asyncio
from typing import Final
from urllib.parse import unquote

from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.event import CHANNEL_UNKNOWN, ID_BYTES_MAX
from botmeter.live.entitlement.account_entitlement import Entitlement
from botmeter.live.entitlement.entitlements import Reading
from botmeter.live.server_state import ServerState
from botmeter.metering.scope_states import NEW_CONVERSATION, Message
from botmeter.people.keys import Scope, check_rate, key_from_headers, require_scope
from botmeter.server.front.answer import Answer
from botmeter.server.front.request import Request
from botmeter.web.api.entitlement_answer import entitlement_answer
from botmeter.web.api.problems import account_unknown
from botmeter.web.api.table import ENTITLEMENT, ENTITLEMENTS_A_MINUTE

PREFIX: Final = "/api/v1/accounts/"
SUFFIX: Final = "/entitlement"
_PARAMETERS: Final = tuple(parameter.name for parameter in ENTITLEMENT.parameters)
_REQUIRED: Final = tuple(parameter.name for parameter in ENTITLEMENT.parameters if parameter.is_required)
_READS_MAX: Final = 4
"""Reads before one answer: the account's sessions, then the customer's, again if an event comes late meanwhile."""


async def answer_entitlement(request: Request, *, state: ServerState) -> Answer:
    """Answer what the customer's next message would do."""
    key = await key_from_headers(request.headers, wrong=state.wrong_secrets, network=request.network)
    check_rate(state.entitlement_requests, key, limit=ENTITLEMENTS_A_MINUTE)
    if unquote(request.path.removeprefix(PREFIX).removesuffix(SUFFIX)).lower() != key.account:
        raise account_unknown()
    require_scope(key, Scope.ENTITLEMENT_READ)
    message = _message(request.query(known=_PARAMETERS))
    for read_count in range(_READS_MAX):
        answer = state.entitlements.entitlement(key.account, message, may_be_behind=read_count > 0)
        if isinstance(answer, Entitlement):
            return Answer.of_json(entitlement_answer(answer))
        await _read(answer)
    raise Unavailable(
        "entitlement_busy", "The customer's sessions changed while they were read. Try again in a moment."
    )


async def _read(reading: Reading) -> None:
    try:
        # Others may wait for the same read.
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(reading.future)), reading.seconds_max)
    except TimeoutError:
        if not reading.is_optional:
            raise Unavailable(
                "entitlement_not_ready", "The running sessions of the account are being read. Try again in a moment."
            ) from None


def _message(parameters: dict[str, str]) -> Message:
    for name in _REQUIRED:
        if not parameters.get(name):
            raise Refused("parameter_missing", f"Parameter {name} is missing; this route needs it.")
    for name, value in parameters.items():
        size_bytes = len(value.encode())
        if size_bytes > ID_BYTES_MAX:
            raise Refused(
                "parameter_invalid", f"Parameter {name} has {size_bytes:,} bytes; the limit is {ID_BYTES_MAX}."
            )
    return Message(
        customer_id=parameters["customer"],
        bot_id=parameters["bot"],
        channel=parameters.get("channel") or CHANNEL_UNKNOWN,
        conversation_id=parameters.get("conversation") or NEW_CONVERSATION,
    )
