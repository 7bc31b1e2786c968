"""Notes from views to the server, in the WSGI environment."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from django.http import HttpRequest

AFTER_SENDING_KEY: Final = "botmeter.after_sending"
"""Key of a list of functions, which the server calls once the answer is sent or cut off."""
SENDER_KEY: Final = "botmeter.sender"
"""Key of the name of the user or API key that was recognised."""


def call_after_sending(request: HttpRequest, function: Callable[[], None], *, otherwise: ExitStack) -> None:
    """Call a function once the answer is sent; without a server, when `otherwise` closes."""
    functions = request.META.get(AFTER_SENDING_KEY)
    if functions is None:
        otherwise.callback(function)
    else:
        functions.append(function)


def name_sender(request: HttpRequest, sender: str) -> None:
    """Name the sender of the request, whose next ones take turns under it."""
    request.META[SENDER_KEY] = sender
