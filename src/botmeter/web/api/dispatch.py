"""Django's routes, with checks of key, parameters and body."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from botmeter.domain.errors import Refused, TooMuch
from botmeter.web.api.authentication import admitted_key
from botmeter.web.api.parameters import check_parameters
from botmeter.web.api.problems import problem_of
from botmeter.web.api.route import JSON, Call, Route, View
from botmeter.web.exchange import name_sender
from botmeter.web.large_bodies import takes_large_body


def url_patterns(routes: Iterable[Route]) -> list[URLPattern]:
    """URL patterns of the routes with a view."""
    return [
        path(
            f"v1/{route.path.replace('{', '<').replace('}', '>')}",
            _dispatcher(route, view=route.view),
            name=route.operation,
        )
        for route in routes
        if route.view is not None
    ]


def _dispatcher(route: Route, *, view: View) -> Any:
    allowed = ["GET", "HEAD"] if route.method == "GET" else [route.method]
    decoder = msgspec.json.Decoder(reduce(or_, route.body[0].types)) if route.body else None
    file_types = frozenset(content.media_type for content in route.body if not content.types)

    def dispatched(request: HttpRequest, *, account: str, **parts: str) -> HttpResponseBase:
        if request.method not in allowed:
            return HttpResponseNotAllowed(allowed)
        try:
            key = admitted_key(request, account, scope=route.scope)
            name_sender(request, f"key {key.pk}")
            check_parameters(request.GET, known=route.parameters)
            body = None if decoder is None else _body(request, decoder=decoder, file_types=file_types)
            answer = view(Call(request=request, key=key, body=body), **parts)
        except Exception as error:  # noqa: BLE001 - a bug: its trace is stored, and the problem has its reference
            return problem_of(request, error)
        if isinstance(answer, HttpResponseBase):
            return answer
        return HttpResponse(msgspec.json.encode(answer), content_type=JSON)

    exempt = csrf_exempt(dispatched)
    return takes_large_body(exempt) if route.takes_large_body else exempt


def _body(request: HttpRequest, *, decoder: "msgspec.json.Decoder[Any]", file_types: frozenset[str]) -> Any:
    if request.content_type not in {JSON, *file_types}:
        allowed = " or ".join([JSON, *sorted(file_types)])
        raise Refused(
            "media_type_unknown", f"The content type must be {allowed}, not {str(request.content_type)[:60]!r}."
        )
    try:
        content = request.body
    except RequestDataTooBig:
        advice = "Compress it with gzip, or send fewer days" if file_types else "Send it in parts"
        raise TooMuch("body_too_large", f"The body is larger than this address accepts. {advice}.") from None
    if request.content_type in file_types:
        return content
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused("body_invalid", f"The body can't be read: {str(error)[:200]}.") from None
