"""Authentication and authorization of requests."""

from typing import Final

from django.http import HttpRequest

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.people.keys import Scope, note_use, opened_key, require_scope
from botmeter.people.models import ApiKey
from botmeter.web.api.problems import account_unknown, key_missing
from botmeter.web.server_state import server_state

REQUESTS_A_MINUTE: Final = 600


def admitted_key(request: HttpRequest) -> ApiKey:
    """Authenticate by `Authorization: Bearer` or `X-API-Key`, and record the use.

    Raises:
        NotAllowed: `key_missing`, and errors of `opened_key`.
        Unavailable: `rate_exceeded`.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    secret = request.headers.get("X-API-Key", "")
    if scheme.lower() == "bearer":
        secret = token
    elif not secret:
        raise key_missing()
    key = opened_key(secret.strip())
    _count_request(request, key)
    note_use(key)
    return key


def allowed_account(key: ApiKey, account: str, *, scope: Scope | None) -> str:
    """Return the account if the key belongs to it and has the scope.

    Raises:
        Missing: `account_unknown` for another account, existing or not.
        NotAllowed: `scope_missing`.
    """
    if account.lower() != key.account:
        raise account_unknown()
    if scope is not None:
        require_scope(scope, scopes=key.scopes, start=key.start)
    return key.account


def _count_request(request: HttpRequest, key: ApiKey) -> None:
    now_seconds = now_us() / MICROSECONDS_PER_SECOND
    if not server_state(request).api_requests.allows(key.pk, limit=REQUESTS_A_MINUTE, now_seconds=now_seconds):
        raise Unavailable(
            "rate_exceeded",
            f"The key {key.start}… has sent more than {REQUESTS_A_MINUTE} requests in this minute. "
            "Try again in the next one.",
        )
