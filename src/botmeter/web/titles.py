"""Account titles: the current one from the ledger, others as last read."""

from django.core.cache import cache
from django.http import Http404, HttpRequest

from botmeter.domain.errors import BotmeterError
from botmeter.people.titles import note_title, noted_title
from botmeter.web.ledgers import reading
from botmeter.web.server_state import server_state

_CACHED_SECONDS = 3600


def account_title(request: HttpRequest, name: str) -> str:
    """Current title, or the name if the ledger is unreadable."""
    try:
        with reading(request, name) as ledger:
            title = ledger.account.title
    except (BotmeterError, Http404):
        return name
    _note(name, title)
    return title


def listed_title(request: HttpRequest, name: str) -> str:
    """Title without opening the ledger: every page lists all accounts of the user."""
    title = server_state(request).ledgers.open_title(name)
    if title is not None:
        _note(name, title)
        return title
    cached: str | None = cache.get(_key(name))
    if cached is None:
        cached = noted_title(name) or name
        cache.set(_key(name), cached, _CACHED_SECONDS)
    return cached


def _note(name: str, title: str) -> None:
    if cache.get(_key(name)) != title:
        if noted_title(name) != title:
            note_title(name, title)
        cache.set(_key(name), title, _CACHED_SECONDS)


def _key(name: str) -> str:
    return f"title:{name}"
