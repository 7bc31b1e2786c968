"""The application that the server runs: Django, with the data folder owned for as long as it lives."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botmeter.web.settings")

from django.core.wsgi import get_wsgi_application

from botmeter.domain.errors import BotmeterError
from botmeter.web.service import begun

application = get_wsgi_application()
try:
    begun()
except BotmeterError as error:
    # The server's watcher sees the process end; a person sees a sentence and no trace.
    sys.exit(f"error: {error.message}")
