"""Middleware that stores sessions, and answers reading requests although a session can't be stored."""

import logging
from typing import Final

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

_log: Final = logging.getLogger(__name__)
_READING: Final = frozenset({"GET", "HEAD"})


class SessionStorage(SessionMiddleware):
    """Django's, for a full disk too: what a page changes in a session, such as a notice that was shown, can be lost."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Store the session; raise `DatabaseError` if that fails for a request that changes something."""
        try:
            return super().process_response(request, response)
        except DatabaseError as problem:
            if request.method not in _READING:
                raise
            _log.warning("not stored: a session", extra={"fields": {"reason": type(problem).__name__}})
            return response
