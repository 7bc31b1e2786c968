"""`serve`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, ServerCommand, examples
from botmeter.cli.context import command_context
from botmeter.cli.data_dir import data_folder, served_folder
from botmeter.cli.output import say, show
from botmeter.domain.errors import Unavailable
from botmeter.domain.setting_values import LogFormat
from botmeter.domain.settings import unknown_variables

commands = Commands()

Host = Annotated[
    str,
    Option(
        "--host",
        metavar="ADDRESS",
        help="Address to listen on. Other machines can reach any address but 127.0.0.1: put TLS in front of it.",
    ),
]
Port = Annotated[int, Option("--port", metavar="N", min=1, max=65_535, help="Port to listen on.")]
LogForm = Annotated[
    LogFormat | None,
    Option("--log-format", help="Format of the log. Default: BOTMETER_LOG_FORMAT, else text."),
]
NewUsers = Annotated[
    bool,
    Option("--new-users", help="Create a new user database beside existing accounts, if the old one is lost."),
]
HOST, PORT = "127.0.0.1", 8000


@commands.command(
    kind=ServerCommand,
    epilog=examples(
        ("", "botmeter serve"),
        ("For others, behind a proxy:", "BOTMETER_URL=https://meter.example botmeter serve --host 0.0.0.0"),
    ),
)
def serve(
    host: Host = HOST,
    port: Port = PORT,
    log_format: LogForm = None,
    new_users: NewUsers = False,
    data: options.Data = None,
) -> None:
    """Serve the pages and the API.

    The first start prints a link, once, for the owner to choose a password. Ctrl-C stops the server. The log
    goes to stderr; BOTMETER_LOG_LEVEL sets its level: debug, info, warning or error.
    """
    folder = data_folder(data)
    if command_context().folder is not None:
        raise Unavailable("server_running", f"A server of data folder {folder} is already running.")
    with served_folder(data):
        url = prepared(folder, host=host, port=port, log_format=log_format, new_users=new_users)
        from botmeter.server.start import first_link

        secret = first_link()
        serve_until_ended(
            host,
            port,
            url=url,
            link="" if secret is None else f"{url}/start/{secret}",
            warnings=unknown_variables(command_context().environment),
        )


def prepared(
    folder: Path, *, host: str, port: int, log_format: LogFormat | None = None, new_users: bool = False
) -> str:
    """Update the people's database and static files; return the URL."""
    from botmeter.server.start import prepare

    reachable_host = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared with, not listened on
    reachable_host = f"[{reachable_host.partition('%')[0]}]" if ":" in reachable_host else reachable_host
    url = f"http://{reachable_host}:{port}"
    log_format = log_format or command_context().settings.log_format
    return prepare(folder, url=url, host=reachable_host, log_format=log_format, new_users=new_users)


def show_link(link: str, *, write: Callable[[str], None] = say) -> None:
    """Print a link that signs in, alone on stdout."""
    write("Open this link to begin. Anyone with the link can sign in:")
    show(f"{link}\n")


def serve_until_ended(host: str, port: int, *, url: str, link: str, warnings: Iterable[str] = ()) -> None:
    """Run the server; once it answers, print its URL, the link and warnings."""
    from botmeter.people.mail_server import mail_server_fault
    from botmeter.server.start import serve as served
    from botmeter.web.logs import write_sentence

    mail = command_context().settings.mail
    write = write_sentence if command_context().settings.log_format == "json" else say

    def ready() -> None:
        write(f"Botmeter runs at {url} (Ctrl-C stops it)")
        if link:
            show_link(link, write=write)
        # The mail server last, since it can take seconds; requests are answered meanwhile.
        for sentence in (*warnings, mail_server_fault(mail) if mail else ""):
            if sentence:
                write(f"warning: {sentence}")

    served(host=host, port=port, ready=ready)
