"""Addresses of the API: its routes, its document and the page of that; whatever else begins so is a problem."""

from typing import Any

from django.urls import path, re_path

from botmeter.web.access import for_everyone
from botmeter.web.api.api import api, openapi
from botmeter.web.api.problems import route_unknown
from botmeter.web.api.reference_page import api_reference

urlpatterns: list[Any] = [
    path("v1/openapi.json", for_everyone(openapi), name="openapi"),
    path("v1/docs", api_reference, name="api-reference"),
    path("v1/", api.urls),
    re_path("", for_everyone(route_unknown), name="api-unknown"),
]
