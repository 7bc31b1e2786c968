"""Server address in links that a command prints."""

from typing import Annotated

from typer import Option

from botmeter.cli.context import command_context
from botmeter.domain.errors import Refused

Url = Annotated[
    str | None,
    Option("--url", metavar="URL", help="Address of the server. Default: BOTMETER_URL, else the running server."),
]


def server_address(url: str | None) -> str:
    """URL without a trailing slash: `url`, BOTMETER_URL, the running server's, or the default.

    Raises:
        Refused: `url_invalid`.
    """
    address = (url or command_context().settings.url or command_context().served_at or "http://127.0.0.1:8000").rstrip(
        "/"
    )
    if not address.startswith(("http://", "https://")):
        raise Refused(
            "url_invalid", f"{address[:80]!r} is not a server address. It must start with http:// or https://."
        )
    return address
