"""Account titles: the current one from the ledger, others cached."""

from django.core.cache import cache
from django.http import Http404, HttpRequest

from botmeter.domain.errors import BotmeterError
from botmeter.web.ledgers import reading

# Every page lists the user's accounts and must not open each ledger.
_CACHED_SECONDS = 3600


def account_title(request: HttpRequest, name: str) -> str:
    """Return the current title, or the name if the ledger is unreadable."""
    try:
        with reading(request, name) as ledger:
            title = ledger.account.title
    except (BotmeterError, Http404):
        return name
    cache.set(_key(name), title, _CACHED_SECONDS)
    return title


def cached_title(request: HttpRequest, name: str) -> str:
    """Return a title at most an hour old."""
    title: str | None = cache.get(_key(name))
    return account_title(request, name) if title is None else title


def _key(name: str) -> str:
    return f"title:{name}"
