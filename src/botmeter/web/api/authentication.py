"""Who asks: a key in a header, how often it may ask, and what it may."""

from typing import Final, cast

from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.people.keys import Scope, note_use, opened_key, require_scope
from botmeter.people.models import ApiKey
from botmeter.web.api.problem_details import RATE_WINDOW_SECONDS
from botmeter.web.api.problems import account_unknown

REQUESTS_A_MINUTE: Final = 600


class BearerKey(HttpBearer):
    """`Authorization: Bearer bm_…`."""

    openapi_description = "A key of the account, made under Admin, Keys, or by `botmeter key create`."

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        del request
        return admitted(token.strip())


class HeaderKey(APIKeyHeader):
    """`X-API-Key: bm_…`."""

    param_name = "X-API-Key"
    openapi_description = "The same key, for programs that can't send `Authorization`."

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        del request
        return admitted(key.strip()) if key else None


def admitted(secret: str) -> ApiKey:
    """The key that the secret opens, with its use written down.

    Raises:
        NotAllowed: what `opened_key` raises.
        Unavailable: `rate_exceeded`.
    """
    key = opened_key(secret)
    _count_request(key)
    note_use(key)
    return key


def allowed_account(request: HttpRequest, account: str, *, scope: Scope) -> str:
    """The account's name, if the request's key is for it and has the scope.

    Raises:
        Missing: `account_unknown` for another account, whether it exists or not.
        NotAllowed: `scope_missing`.
    """
    key = key_of_request(request)
    if account.lower() != key.account:
        raise account_unknown()
    require_scope(scope, scopes=key.scopes, start=key.start)
    return key.account


def key_of_request(request: HttpRequest) -> ApiKey:
    """The key that the request was let in with."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]


def _count_request(key: ApiKey) -> None:
    window = now_us() // MICROSECONDS_PER_SECOND // RATE_WINDOW_SECONDS
    name = f"api-requests:{key.pk}:{window}"
    cache.add(name, 0, timeout=2 * RATE_WINDOW_SECONDS)
    try:
        count = cache.incr(name)
    except ValueError:
        # The cache was full and let it go in between.
        return
    if count > REQUESTS_A_MINUTE:
        raise Unavailable(
            "rate_exceeded", f"The key {key.start}… has sent more than {REQUESTS_A_MINUTE} requests in this minute."
        )
