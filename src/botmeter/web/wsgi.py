"""The application that the server runs: Django, with the data folder owned for as long as it lives."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botmeter.web.settings")

from django.core.wsgi import get_wsgi_application

from botmeter.web.service import begun

application = get_wsgi_application()
begun()
