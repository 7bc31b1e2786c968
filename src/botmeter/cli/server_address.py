"""The address of the server, for links that a command prints."""

from typing import Annotated

from typer import Option

from botmeter.cli.context import command_context, variable
from botmeter.domain.errors import Refused

Url = Annotated[
    str | None,
    Option(
        "--url",
        metavar="URL",
        help="The server's address. Default: BOTMETER_URL, else that of the running server.",
        show_default=False,
    ),
]


def server_address(asked: str | None) -> str:
    """The address without a slash at its end: as asked, as the environment says, the running server's, or the usual.

    Raises:
        Refused: `url_invalid`.
    """
    address = (asked or variable("BOTMETER_URL") or command_context().served_at or "http://127.0.0.1:8000").rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise Refused("url_invalid", f"{address[:80]!r} is no server's address; it starts with http:// or https://.")
    return address
