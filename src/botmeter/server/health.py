"""`/healthz` and `/readyz`, outside of the threads of pages."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final, NamedTuple

from botmeter.domain.text import counted
from botmeter.server.front.answer import Answer
from botmeter.server.front.request import Request
from botmeter.web.health import is_this_machine

METHODS: Final = ("GET", "HEAD")
_WITHIN_SECONDS: Final = 5.0
_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8"}


async def answer_alive(request: Request) -> Answer:
    """Answer while the process is alive."""
    del request
    return _plain("ok")


class _Checked(NamedTuple):
    problem: str | None
    refused: tuple[str, ...]


class Readiness:
    """One check at a time, in a thread of its own, shared by all requests that wait.

    Args:
        check: Returns why no request can be served, or None.
        refused: Returns a sentence for each account that can't be used.
    """

    def __init__(
        self,
        check: Callable[[], str | None],
        *,
        refused: Callable[[], Sequence[str]] = tuple,
        within_seconds: float = _WITHIN_SECONDS,
    ) -> None:
        self._check = check
        self._refused = refused
        self._within_seconds = within_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._checking: asyncio.Future[_Checked] | None = None

    async def answer(self, request: Request) -> Answer:
        problem, refused = await self._checked()
        if problem is not None:
            return _plain(problem, status=HTTPStatus.SERVICE_UNAVAILABLE)
        if refused and not _is_from_here(request):
            # The names of accounts are private.
            refused = (f"{counted(len(refused), 'account')} can't be used; run `botmeter doctor`.",)
        return _plain("\n".join(["ready", *refused]))

    async def _checked(self) -> "_Checked":
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: _Checked(self._check(), tuple(self._refused()))
            )
        try:
            async with asyncio.timeout(self._within_seconds):
                return await asyncio.shield(self._checking)
        except TimeoutError:
            sentence = f"The check of the user database takes longer than {self._within_seconds:g} seconds."
            return _Checked(sentence, ())


def _is_from_here(request: Request) -> bool:
    peer = request.scope.get("client")
    is_secure = request.scope.get("scheme") == "https"
    return is_this_machine(peer[0] if peer else "", headers=request.headers, is_secure=is_secure)


def _plain(sentence: str, *, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status=status, body=f"{sentence}\n".encode(), headers=_HEADERS)
