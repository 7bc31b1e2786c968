"""Public URLs of paths.

The configured server comes first, since senders choose a request's host.
"""

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix


def public_address(request: HttpRequest, path: str) -> str:
    """Public URL of a path from `reverse`."""
    return f"{settings.PUBLIC_ORIGIN}{path}" if settings.PUBLIC_ORIGIN else request.build_absolute_uri(path)


def origin_of(request: HttpRequest) -> str:
    """Origin of the server, for links of later emails."""
    return settings.PUBLIC_ORIGIN or f"{request.scheme}://{request.get_host()}"


def address_in_message(path: str, *, origin: str = "") -> str:
    """Public URL of a path from `reverse`; `origin` is for servers without one."""
    return f"{settings.PUBLIC_ORIGIN or origin or settings.SERVED_AT or 'http://localhost'}{path}"


def server_address(request: HttpRequest) -> str:
    """Public URL of the server without a trailing slash."""
    return public_address(request, get_script_prefix()).rstrip("/")


def path_after_server(path: str) -> str:
    """Path from `reverse` that follows the server's URL."""
    return f"/{path.removeprefix(get_script_prefix())}"
