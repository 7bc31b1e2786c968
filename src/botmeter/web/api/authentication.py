"""Authentication and authorization of Django's routes."""

from typing import Final

from django.http import HttpRequest

from botmeter.people.keys import Scope, check_rate, record_use, require_scope, secret_from_headers, valid_key
from botmeter.people.models import ApiKey
from botmeter.web.api.problems import account_unknown
from botmeter.web.server_state import secret_lookup, server_state

REQUESTS_A_MINUTE: Final = 600


def admitted_key(request: HttpRequest, account: str, *, scope: Scope | None) -> ApiKey:
    """Return the request's key, if it is the account's and has the scope, and record its use.

    Raises:
        Missing: `account_unknown` for another account, existing or not.
        NotAllowed: `scope_missing`; as `secret_from_headers` and `valid_key`.
        Unavailable: `rate_exceeded`, `attempts_exceeded`.
    """
    secret = secret_from_headers(request.headers)
    with secret_lookup(request, secret):
        key = valid_key(secret)
    check_rate(server_state(request).api_requests, key, limit=REQUESTS_A_MINUTE)
    record_use(key)
    if account.lower() != key.account:
        raise account_unknown()
    if scope is not None:
        require_scope(key, scope)
    return key
