"""URLs under `/api/`; any other is a problem."""

from typing import Any

from django.urls import include, path, re_path

from botmeter.web.access import for_everyone
from botmeter.web.api.dispatch import url_patterns
from botmeter.web.api.document import openapi
from botmeter.web.api.problems import route_unknown
from botmeter.web.api.reference_page import api_reference
from botmeter.web.api.table import ROUTES

urlpatterns: list[Any] = [
    path("v1/openapi.json", for_everyone(openapi), name="openapi"),
    path("v1/docs", api_reference, name="api-reference"),
    # Metrics name these routes with the namespace.
    path("", include((url_patterns(ROUTES), "api"))),
    re_path("", for_everyone(route_unknown), name="api-unknown"),
]
