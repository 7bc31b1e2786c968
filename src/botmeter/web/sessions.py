"""Middleware that ends sessions at their limits."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botmeter.domain.instant import present
from botmeter.people.session_limits import end_if_over
from botmeter.web.request_log import POLLED, route_of


class SessionLimits:
    """Signs idle browsers out; requests without the cookie read no session."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._answer(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Check once the route is known, before the user is read."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            is_by_person = route_of(request) not in POLLED
            end_if_over(request.session, now_seconds=int(present().timestamp()), is_by_person=is_by_person)
