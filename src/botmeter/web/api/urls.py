"""Addresses of the API: its routes, its document and the page of that; whatever else begins so is a problem."""

from typing import Any

from django.urls import path, re_path

from botmeter.web.api.api import api, openapi
from botmeter.web.api.problems import route_unknown
from botmeter.web.pages.api_reference import api_reference
from botmeter.web.visits import for_everyone

urlpatterns: list[Any] = [
    path("v1/openapi.json", for_everyone(openapi), name="openapi"),
    path("v1/docs", api_reference, name="api-reference"),
    path("v1/", api.urls),
    re_path("", for_everyone(route_unknown), name="api-unknown"),
]
