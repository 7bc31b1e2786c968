"""ASGI application of the server; owns the data folder."""

import logging
import os
import sys
from functools import partial
from typing import Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from botmeter.domain.durable_files import UMASK
from botmeter.domain.errors import BotmeterError
from botmeter.domain.settings import export
from botmeter.server.command_host import RunCommand
from botmeter.server.front.front import Front
from botmeter.web.logs import log_uncaught_exceptions

_log: Final = logging.getLogger(__name__)

DJANGO_SETTINGS: Final = "botmeter.web.settings"
_SWITCH_SECONDS: Final = 0.0005
"""Python's default of 5 ms makes the event loop wait for each page thread in turn: under a flood of pages, events took
0.34 s instead of 0.29 s in the median, and the slowest 1.1 s instead of 0.47 s."""


def start_application(*, run_command: RunCommand) -> Front:
    """Set up Django and own the data folder, or exit if it has an owner."""
    os.umask(UMASK)
    sys.setswitchinterval(_SWITCH_SECONDS)
    log_uncaught_exceptions()
    export(django_settings=DJANGO_SETTINGS)
    pages = get_wsgi_application()
    # Django's models can be imported only after it is set up.
    from botmeter.server.connections.descriptor_limit import connections_max
    from botmeter.server.connections.guard import ConnectionGuard
    from botmeter.server.connections.open_connections import ConnectionLimits, ConnectionUses
    from botmeter.server.front.bridge import Bridge
    from botmeter.server.front.spool import Spool
    from botmeter.server.large_bodies import holder_of_large_body
    from botmeter.server.process import open_server
    from botmeter.server.routes import health_routes, own_routes
    from botmeter.server.uploads import FileReceiver
    from botmeter.web.server_state import STATE_KEY

    try:
        state = open_server(run_command)
    except BotmeterError as error:
        # The supervisor sees this process end; people see a sentence instead of a trace.
        _log.error("%s", error.message)
        sys.exit(1)
    bridge = Bridge(pages, spool=Spool(state.ledgers.folder.path), environ={STATE_KEY: state})
    uses, limits = ConnectionUses(), ConnectionLimits(total_max=connections_max())
    ConnectionGuard(uses, limits=limits, proxies=settings.TRUSTED_PROXIES).start()
    return Front(
        bridge,
        routes=(*own_routes(state), *health_routes(state)),
        prefix=settings.FORCE_SCRIPT_NAME or "",
        uses=uses,
        large_body_holder=partial(holder_of_large_body, state=state),
        upload_receiver=FileReceiver(state.uploads),
    )
