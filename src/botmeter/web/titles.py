"""Account titles from the ledgers, cached for the account switcher."""

from django.core.cache import cache
from django.http import Http404, HttpRequest

from botmeter.domain.errors import BotmeterError
from botmeter.web.ledgers import reading

# The list of a person's accounts stands on every page: it must not open the ledger of each, nor keep them open.
_KEPT_SECONDS = 3600


def account_title(request: HttpRequest, name: str) -> str:
    """The account's title from its ledger; its name if the ledger can't be read."""
    try:
        with reading(request, name) as ledger:
            title = ledger.account.title
    except (BotmeterError, Http404):
        return name
    cache.set(_key(name), title, _KEPT_SECONDS)
    return title


def remembered_title(request: HttpRequest, name: str) -> str:
    """The account's title, at most an hour old."""
    title: str | None = cache.get(_key(name))
    return account_title(request, name) if title is None else title


def _key(name: str) -> str:
    return f"title:{name}"
