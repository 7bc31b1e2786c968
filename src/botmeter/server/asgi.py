"""The application that the server runs: the front before Django, with the data folder owned for as long as it lives."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botmeter.web.settings")

from django.core.wsgi import get_wsgi_application

from botmeter.domain.errors import BotmeterError
from botmeter.server.front.front import Front


def _begun() -> Front:
    pages = get_wsgi_application()
    # Imported here because Django's tables can be named only after it is set up.
    from botmeter.server.front.bridge import Bridge
    from botmeter.server.front.routes import own_routes
    from botmeter.server.process import begun

    try:
        intake = begun()
    except BotmeterError as error:
        # The server's watcher sees the process end; a person sees a sentence and no trace.
        sys.exit(f"error: {error.message}")
    return Front(Bridge(pages), routes=own_routes(intake))


application = _begun()
