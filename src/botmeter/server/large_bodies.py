"""Senders of large bodies, known before the body is read."""

import asyncio

from botmeter.live.server_state import ServerState
from botmeter.people.keys import key_from_headers
from botmeter.server.front.request import Request
from botmeter.web.api.problem_details import PATH
from botmeter.web.large_bodies import is_large_route, signed_in_user


async def holder_of_large_body(request: Request, *, state: ServerState) -> str | None:
    """Holder of a large body; None if the route takes none, or not from this sender.

    Raises:
        NotAllowed: The key of a request to the API is missing or does not work.
        Unavailable: `attempts_exceeded`.
    """
    if not is_large_route(request.path):
        return None
    if request.path.startswith(PATH):
        key = await key_from_headers(request.headers, wrong=state.wrong_secrets, network=request.network)
        return f"key {key.pk}"
    user = await asyncio.to_thread(signed_in_user, request.headers)
    return None if user is None else f"user {user}"
