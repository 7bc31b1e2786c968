"""`/healthz` and `/readyz`, which never wait for the threads of pages."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final

from botmeter.server.front.answer import Answer
from botmeter.server.front.request import Request

METHODS: Final = ("GET", "HEAD")
_WITHIN_SECONDS: Final = 5.0
_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8"}


async def answer_alive(request: Request) -> Answer:
    """Answer while the process is alive."""
    del request
    return _plain("ok")


class Readiness:
    """Checks of readiness: one at a time, in a thread of its own, shared by the requests that wait for it.

    Args:
        check: Returns why no request can be served, or None.
    """

    def __init__(self, check: Callable[[], str | None], *, within_seconds: float = _WITHIN_SECONDS) -> None:
        self._check = check
        self._within_seconds = within_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._checking: asyncio.Future[str | None] | None = None

    async def answer(self, request: Request) -> Answer:
        """Answer 200, or 503 with the reason."""
        del request
        problem = await self._problem()
        return _plain("ready") if problem is None else _plain(problem, status=HTTPStatus.SERVICE_UNAVAILABLE)

    async def _problem(self) -> str | None:
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().run_in_executor(self._thread, self._check)
        try:
            async with asyncio.timeout(self._within_seconds):
                return await asyncio.shield(self._checking)
        except TimeoutError:
            return f"The check of the people's database takes longer than {self._within_seconds:g} seconds."


def _plain(sentence: str, *, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status=status, body=f"{sentence}\n".encode(), headers=_HEADERS)
