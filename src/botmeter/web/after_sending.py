"""Work that waits until an answer is sent, which can be long after its view has ended."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from django.http import HttpRequest

AFTER_SENDING_KEY: Final = "botmeter.after_sending"
"""Key of a list of functions in a request's WSGI environment, which the server calls in the end."""


def call_after_sending(request: HttpRequest, function: Callable[[], None], *, otherwise: ExitStack) -> None:
    """Call a function once the answer is sent or cut off; without a server, when `otherwise` closes."""
    functions = request.META.get(AFTER_SENDING_KEY)
    if functions is None:
        otherwise.callback(function)
    else:
        functions.append(function)
