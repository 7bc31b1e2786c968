"""ASGI application: event routes, the rest to Django."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPMethod
from time import monotonic, perf_counter
from typing import Final

from botmeter.domain.errors import BotmeterError, Refused
from botmeter.live.bugs import report_bug
from botmeter.server.connections.open_connections import ConnectionUses, Peer
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits, ClientDisconnected
from botmeter.server.front.bridge import Bridge
from botmeter.server.front.prefix import without_prefix
from botmeter.server.front.protocol import Message, Receive, Scope, Send
from botmeter.server.front.request import BodyBudget, Request
from botmeter.web import request_ids
from botmeter.web.api.problem_details import PATH, problem_from_bug
from botmeter.web.large_bodies import LARGE_BYTES_MAX
from botmeter.web.request_log import log_request

FORM: Final = BodyLimits(
    bytes_max=64 << 10,
    advice="Larger ones are accepted where a file is asked for, after signing in.",
    idle_seconds=10.0,
    total_seconds=30.0,
)
"""A body that anybody may send: with more than 2 KB/s."""
LARGE: Final = BodyLimits(bytes_max=LARGE_BYTES_MAX)
PAGE_ROUTE: Final = "page"
"""Route name, in metrics, of a page refused before Django resolved its route."""
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Django's routes refuse what they don't take; those without a form would answer TRACE as GET.
_PASSED_ON: Final = tuple(str(method) for method in HTTPMethod if method not in {HTTPMethod.TRACE, HTTPMethod.CONNECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRoute:
    """Route that the front answers itself.

    Attributes:
        starts: The path, or its prefix if it ends with a slash.
        ends: Rest of the path, after one part that follows the prefix.
        name: For metrics; paths can hold secrets.
    """

    starts: str
    methods: tuple[str, ...]
    name: str
    answer: Callable[[Request], Awaitable[Answer]]
    ends: str = ""

    def fits(self, path: str) -> bool:
        if not self.starts.endswith("/"):
            return path == self.starts
        if not path.startswith(self.starts) or not path.endswith(self.ends):
            return False
        return not self.ends or "/" not in path[len(self.starts) : -len(self.ends)]


LargeBodyHolder = Callable[[Request], Awaitable[str | None]]
"""Name of the sender under which a large body counts, or None."""


async def no_large_bodies(request: Request) -> None:
    """Accept no large bodies."""
    del request


UploadReceiver = Callable[[Request], Awaitable[bool]]
"""Receives the body if the request uploads a file, notes the result for Django, and returns True."""


async def no_uploads(request: Request) -> bool:
    """Receive no uploads."""
    del request
    return False


class Front:
    """Application, under the prefix of the public URL."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        routes: tuple[OwnRoute, ...],
        prefix: str = "",
        uses: ConnectionUses | None = None,
        large_body_holder: LargeBodyHolder = no_large_bodies,
        upload_receiver: UploadReceiver = no_uploads,
    ) -> None:
        self._bridge = bridge
        self._routes = routes
        self._prefix = prefix
        self._uses = ConnectionUses() if uses is None else uses
        self._large_body_holder = large_body_holder
        self._upload_receiver = upload_receiver
        # Holders are accounts, whose keys are known before their bodies are read.
        self._event_bodies = BodyBudget(bytes_max=192 << 20, holder_bytes_max=64 << 20)
        # Holders are networks of clients, anybody.
        self._forms = BodyBudget(bytes_max=32 << 20, holder_bytes_max=4 << 20)
        # Holders are signed-in users and keys.
        self._large_bodies = BodyBudget(bytes_max=64 << 20, holder_bytes_max=16 << 20)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        host, port = scope.get("client") or ("", 0)
        # Granian gives the port as text.
        peer = Peer(host, int(port))
        self._uses.begin(peer, now=monotonic())
        try:
            await self._answer(without_prefix(scope, self._prefix), receive, send=send)
        finally:
            self._uses.end(peer, now=monotonic())

    async def _answer(self, scope: Scope, receive: Receive, *, send: Send) -> None:
        route = next((route for route in self._routes if route.fits(scope["path"])), None)
        budget = self._forms if route is None else self._event_bodies
        request = Request(scope, receive, budget=budget)
        request_ids.current.set(request.number)
        try:
            if route is None:
                await self._pass_on(request, send=send)
            else:
                await _answer_own(route, request, send=send)
        except ClientDisconnected:
            return
        finally:
            request.close()

    async def _pass_on(self, request: Request, *, send: Send) -> None:
        has_started = False
        started = perf_counter()
        if request.method not in _PASSED_ON:
            answer = _method_refused(request, allowed=_PASSED_ON)
            _log(PAGE_ROUTE, request, answer=answer, started=started)
            await answer.sent(send, number=request.number)
            return

        async def start_and_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            body = b"" if request.method in _WITHOUT_BODY else await self._page_body(request)
            await self._bridge.answer(request, body, send=start_and_send)
        except BotmeterError as error:
            answer = _readable(Answer.of_error(error), error.message, path=request.path)
            _log(PAGE_ROUTE, request, answer=answer, started=started)
            await answer.sent(send, number=request.number)
        except ClientDisconnected:
            raise
        except Exception as problem:  # noqa: BLE001 - Django reports its own; this one was raised while sending
            bug = report_bug(f"{request.method} a page", problem)
            # A started answer can only be cut off, by not ending it.
            if not has_started:
                answer = _readable(Answer.of_problem(problem_from_bug(bug)), bug.sentence, path=request.path)
                await answer.sent(send, number=request.number)

    async def _page_body(self, request: Request) -> bytes:
        if request.method == "POST" and await self._upload_receiver(request):
            return b""
        announced = request.announced_bytes
        is_large = announced > FORM.bytes_max if announced is not None else "transfer-encoding" in request.headers
        holder = await self._large_body_holder(request) if is_large else None
        if holder is None:
            return await request.body(FORM)
        request.budget, request.holder = self._large_bodies, holder
        return await request.body(LARGE)


async def _answer_own(route: OwnRoute, request: Request, *, send: Send) -> None:
    started = perf_counter()
    answer = await _answered(route, request)
    if request.holder:
        await request.discard_body()
    _log(route.name, request, answer=answer, started=started)
    await answer.sent(send, number=request.number)


def _log(route: str, request: Request, *, answer: Answer, started: float) -> None:
    log_request(route, method=request.method, status=int(answer.status), seconds=perf_counter() - started)


async def _answered(route: OwnRoute, request: Request) -> Answer:
    try:
        if request.method not in route.methods:
            return _method_refused(request, allowed=route.methods)
        return await route.answer(request)
    except BotmeterError as error:
        return Answer.of_error(error)
    except ClientDisconnected:
        raise
    except Exception as problem:  # noqa: BLE001 - a bug: its trace is stored under a reference
        return Answer.of_problem(problem_from_bug(report_bug(f"{request.method} {route.name}", problem)))


def _method_refused(request: Request, *, allowed: tuple[str, ...]) -> Answer:
    listed = ", ".join(allowed)
    refused = Refused("method_unknown", f"This address accepts {listed}, not {request.method[:20]}.")
    answer = Answer.of_error(refused)
    return Answer(status=answer.status, body=answer.body, headers={**answer.headers, "Allow": listed})


def _readable(answer: Answer, sentence: str, *, path: str) -> Answer:
    if path.startswith(PATH):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    return Answer(
        status=answer.status,
        body=f"{sentence}\n".encode(),
        headers={**headers, "Content-Type": "text/plain; charset=utf-8"},
    )
