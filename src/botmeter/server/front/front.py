"""The front: an ASGI application that answers what takes events in, and has Django answer everything else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final

from botmeter.domain.errors import BotmeterError, Refused
from botmeter.live import metrics
from botmeter.live.bugs import Bug, kept_bug_in
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import EVENT_BODIES_BYTES_MAX, PAGE_BODIES_BYTES_MAX, BodyLimits, SenderGone
from botmeter.server.front.bridge import Bridge
from botmeter.server.front.protocol import Message, Receive, Scope, Send
from botmeter.server.front.request import BodyMemory, Request
from botmeter.web import request_ids
from botmeter.web.access_log import AnsweredRequest, write_line
from botmeter.web.api.problem_details import PATH, problem

PAGE_BODY: Final = BodyLimits(bytes_max=16 << 20)
"""Of what people send: forms, and files of customers."""
NOT_HANDED_ON: Final = "page"
"""What counts call the route of a page that was refused before Django, which knows the routes, was asked for it."""
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRoute:
    """An address that the front answers itself.

    Attributes:
        starts: The path, or how it begins where it ends with a slash.
        methods: What it takes.
        name: What it is called where requests are counted: no path, which can hold secrets.
    """

    starts: str
    methods: tuple[str, ...]
    name: str
    answer: Callable[[Request], Awaitable[Answer]]

    def fits(self, path: str) -> bool:
        """Whether the path is this route's."""
        return path.startswith(self.starts) if self.starts.endswith("/") else path == self.starts


class Front:
    """The application that the server runs."""

    def __init__(self, bridge: Bridge, *, routes: tuple[OwnRoute, ...]) -> None:
        self._bridge = bridge
        self._routes = routes
        self._event_bodies = BodyMemory(EVENT_BODIES_BYTES_MAX)
        self._page_bodies = BodyMemory(PAGE_BODIES_BYTES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = next((route for route in self._routes if route.fits(scope["path"])), None)
        memory = self._page_bodies if route is None else self._event_bodies
        request = Request.of(scope, receive, memory=memory)
        request_ids.current.set(request.number)
        try:
            if route is None:
                await self._handed_on(request, scope, send=send)
            else:
                await _answered_itself(route, request, send=send)
        except SenderGone:
            return
        finally:
            request.close()

    async def _handed_on(self, request: Request, scope: Scope, *, send: Send) -> None:
        has_begun = False
        started = perf_counter()

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            body = b"" if request.method in _WITHOUT_BODY else await request.body(PAGE_BODY)
            await self._bridge.answer(_named(scope, request), body, receive=request.receive, send=noted)
        except BotmeterError as error:
            answer = _told(Answer.of_error(error), error.message, path=request.path)
            _note(NOT_HANDED_ON, request, answer=answer, started=started)
            await answer.sent(send, number=request.number)
        except SenderGone:
            raise
        except Exception as problem:  # noqa: BLE001 - Django tells of its own; this is one while its answer is sent
            bug = kept_bug_in(f"{request.method} a page", problem)
            # What has begun can only be broken off: the server cuts an answer that does not end.
            if not has_begun:
                await _told(_answer_of_bug(bug), bug.sentence, path=request.path).sent(send, number=request.number)


def _named(scope: Scope, request: Request) -> Scope:
    """The scope under the request's number, so that Django calls the request the same."""
    name = request_ids.HEADER.lower().encode()
    others = [(each, value) for each, value in scope["headers"] if each.lower() != name]
    return {**scope, "headers": [*others, (name, request.number.encode())]}


async def _answered_itself(route: OwnRoute, request: Request, *, send: Send) -> None:
    started = perf_counter()
    answer = await _answered(route, request)
    _note(route.name, request, answer=answer, started=started)
    await answer.sent(send, number=request.number)


def _note(route: str, request: Request, *, answer: Answer, started: float) -> None:
    seconds, status = perf_counter() - started, int(answer.status)
    metrics.request_observed(route, status=status, seconds=seconds)
    write_line(AnsweredRequest(method=request.method, route=route, status=status, seconds=seconds))


async def _answered(route: OwnRoute, request: Request) -> Answer:
    try:
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            refused = Refused("method_unknown", f"This address takes {allowed}, not {request.method[:20]}.")
            answer = Answer.of_error(refused)
            return Answer(status=answer.status, body=answer.body, headers={**answer.headers, "Allow": allowed})
        return await route.answer(request)
    except BotmeterError as error:
        return Answer.of_error(error)
    except SenderGone:
        raise
    except Exception as problem:  # noqa: BLE001 - a bug: kept with its trace, told under its number
        return _answer_of_bug(kept_bug_in(f"{request.method} {route.name}", problem))


def _answer_of_bug(bug: Bug) -> Answer:
    return Answer.of_problem(
        problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", detail=bug.sentence, reference=bug.reference)
    )


def _told(answer: Answer, sentence: str, *, path: str) -> Answer:
    """The answer as who asks there reads it: a program problem details, a person the sentence."""
    if path.startswith(PATH):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    return Answer(
        status=answer.status,
        body=f"{sentence}\n".encode(),
        headers={**headers, "Content-Type": "text/plain; charset=utf-8"},
    )
