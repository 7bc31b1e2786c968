"""The API as a whole: its routes, who may, what failures become, and its OpenAPI document."""

from functools import cache
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from botmeter import __version__
from botmeter.domain.errors import Refused
from botmeter.web.api.answers import answer
from botmeter.web.api.authentication import REQUESTS_A_MINUTE, BearerKey, HeaderKey
from botmeter.web.api.document import finished
from botmeter.web.api.problems import key_missing, problem_of
from botmeter.web.api.table import router

_DESCRIPTION: Final = f"""Sessions consumed, the data behind them, and why each one was charged.

Every request bears a key of the account, made under Admin, Keys, or by `botmeter key create`. A key may send
{REQUESTS_A_MINUTE} requests a minute. Failures are problem details (RFC 9457) with a stable `code`. A parameter that an
address does not have is refused. Instants are in RFC 3339, days are UTC days unless `timezone` says otherwise."""

api = NinjaAPI(
    title="Botmeter",
    version=__version__,
    description=_DESCRIPTION,
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    auth=[BearerKey(), HeaderKey()],
)
api.add_router("", router())


def _failed(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(request, error)


def _not_read(request: HttpRequest, error: Any) -> HttpResponse:
    del error
    return problem_of(request, Refused("parameter_invalid", "The address can't be understood."))


def _without_key(request: HttpRequest, error: Any) -> HttpResponse:
    del error
    return problem_of(request, key_missing())


# The framework looks for the nearest class, and has ways of its own for those named here.
for _kind in (Exception, Http404, HttpError):
    api.add_exception_handler(_kind, _failed)
api.add_exception_handler(AuthenticationError, _without_key)
api.add_exception_handler(ValidationError, _not_read)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return finished(api.get_openapi_schema(path_prefix="api/v1/"))


def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as JSON."""
    del request
    return answer(document())
