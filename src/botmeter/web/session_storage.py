"""Middleware that stores sessions."""

import logging
from typing import Final

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

_log: Final = logging.getLogger(__name__)
_READING: Final = frozenset({"GET", "HEAD"})


class SessionStorage(SessionMiddleware):
    """Django's, but reading requests are answered on a full disk, too."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except DatabaseError as problem:
            if request.method not in _READING:
                raise
            _log.warning("not stored: a session", extra={"fields": {"reason": type(problem).__name__}})
            return response
