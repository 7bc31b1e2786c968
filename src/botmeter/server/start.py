"""Server start: one worker owns the data folder; this process supervises it."""

import logging
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from botmeter import __version__
from botmeter.domain.durable_files import durable_file
from botmeter.domain.errors import Unavailable
from botmeter.domain.setting_values import LogFormat
from botmeter.domain.settings import Settings, export, limit_malloc_arenas
from botmeter.people.database import set_up
from botmeter.server.asgi import DJANGO_SETTINGS
from botmeter.server.connections.descriptor_limit import BACKLOG, allow_descriptors, connections_max, low_limit_warning
from botmeter.web.logs import log_uncaught_exceptions, logging_config

_log: Final = logging.getLogger("botmeter.serve")

_HEAD_WITHIN_SECONDS: Final = 30
"""Time for a request's head, also for the next one of a connection. Proxies must close idle connections earlier."""
_HEAD_BYTES_MAX: Final = 128 << 10
"""Also of a connection's buffers. An address has 64 KiB at most."""
_POLL_SECONDS: Final = 0.05
_READY_WITHIN_SECONDS: Final = 60
_MALLOC_ARENAS: Final = 2
"""Of glibc, whose default is eight for each core: freed memory stays in each. Under live load a worker's had 230 MB
instead of 150, of which it used 90, and it took as much processor time."""
_LINK_LASTS: Final = timedelta(days=7)


def prepare(folder: Path, *, url: str, host: str, log_format: LogFormat = "text", new_users: bool = False) -> str:
    """Set up Django on a data folder; return the public URL without a trailing slash.

    Args:
        url: Public URL, unless BOTMETER_URL is set.
        new_users: Create a new user database in place of a lost one.

    Raises:
        Missing: `people_missing`.
        Conflict: `people_exist`.
        Unavailable: `people_unavailable`.
    """
    own = Settings.from_environment()
    served_at = str(own.url or url)
    # The worker is a process of its own and reads its settings from its environment.
    export(
        django_settings=DJANGO_SETTINGS,
        data_dir=str(folder),
        hosts=",".join([*own.hosts, host]),
        log_format=log_format,
        served_at=served_at,
    )
    set_up(folder, is_new_allowed=new_users)
    from django.conf import settings
    from django.core.management import call_command

    from botmeter.people.database_failures import optional_write
    from botmeter.people.links import forget_expired_links
    from botmeter.people.resealing import reseal_secrets
    from botmeter.web.static_files import collect_static_files, static_files_fingerprint

    with optional_write("the encryption of secrets by a new key"):
        reseal_secrets()
    with optional_write("the removal of old sessions and links"):
        call_command("clearsessions")
        forget_expired_links()
    laid_out = Path(settings.STATIC_ROOT) / f".{__version__}-{static_files_fingerprint()}"
    if not laid_out.exists():
        collect_static_files()
        # The stamp must not outlive, after a power cut, the files that it stands for.
        os.sync()
        with durable_file(laid_out):
            pass
    return served_at


def first_link() -> str | None:
    """Create the owner's password link; None once somebody has a password."""
    from botmeter.people.links import first_start_link

    return first_start_link(lasting=_LINK_LASTS)


def demo_link(account: str) -> str:
    """Create a sign-in link for the demo's owner."""
    from botmeter.people.links import new_link
    from botmeter.people.models import Link, Membership, User
    from botmeter.people.rights import Role

    user = User.objects.filter(email="demo@botmeter.example").first()
    user = user or User.objects.create_user("demo@botmeter.example", name="Demo Owner")
    Membership.objects.get_or_create(user=user, account=account, defaults={"role": Role.OWNER, "may_export": True})
    return new_link(Link.Purpose.SIGN_IN, lasting=_LINK_LASTS, user=user, is_reusable=True)


def serve(*, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; call `ready` once requests are answered. Raises Unavailable `port_in_use`."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    log_uncaught_exceptions()
    check_free(host, port)
    descriptor_limit = allow_descriptors()
    warning = low_limit_warning(descriptor_limit)
    if warning is not None:
        _log.warning("%s", warning)
    settings = Settings.from_environment()
    limit_malloc_arenas(_MALLOC_ARENAS)
    # A fresh process: DuckDB's threads do not survive a fork.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "botmeter.cli.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # HTTP/2 and the mode that detects it have no time limit for a silent connection.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_WITHIN_SECONDS * 1_000, max_buffer_size=_HEAD_BYTES_MAX),
        backlog=BACKLOG,
        backpressure=connections_max(descriptor_limit),
        log_level=LogLevels(settings.log_level),
        log_dictconfig=logging_config(settings.log_format, settings.log_level),
        websockets=False,
        workers_kill_timeout=30,
        # A killed worker (out of memory, say) is replaced; one that can't start ends the server.
        respawn_failed_workers=True,
        respawn_interval=1.0,
    )
    threading.Thread(
        target=_call_when_ready, args=(host, port), kwargs={"ready": ready}, name="ready", daemon=True
    ).start()
    server.serve()


def _call_when_ready(host: str, port: int, *, ready: Callable[[], None]) -> None:
    pause = threading.Event()
    for _ in range(int(_READY_WITHIN_SECONDS / _POLL_SECONDS)):
        if _answers(host, port):
            ready()
            return
        pause.wait(_POLL_SECONDS)


def _answers(host: str, port: int) -> bool:
    target = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
    connection = HTTPConnection(target, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def check_free(host: str, port: int) -> None:
    """Raise Unavailable `port_in_use` if something listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise Unavailable(
                "port_in_use",
                f"Can't listen on port {port} of {host} ({problem.strerror}). Choose another with --port.",
            ) from None
