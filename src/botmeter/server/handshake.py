"""What is said to a sender of CloudEvents that asks whether it may send."""

from http import HTTPStatus

from botmeter.server.front.request import Answer, Request
from botmeter.sources.cloudevents_http import allowed_origin


def handshake_answer(request: Request) -> Answer:
    """Whoever has an address or a key may send as often as they like (CloudEvents, HTTP 1.1 Web Hooks, 4)."""
    return Answer(status=HTTPStatus.OK, headers=allowed_origin(request.headers))
