"""What people call an account: its title in the ledger, kept for a while since every page shows it."""

from django.core.cache import cache
from django.http import Http404

from botmeter.domain.errors import BotmeterError
from botmeter.web.ledgers import reading

_KEPT_SECONDS = 60


def account_title(name: str) -> str:
    """The account's title; its name where the ledger can't be read now."""
    key = f"title:{name}"
    title: str | None = cache.get(key)
    if title is None:
        try:
            with reading(name) as ledger:
                title = ledger.account.title
        except (BotmeterError, Http404):
            return name
        cache.set(key, title, _KEPT_SECONDS)
    return title


def forget_title(name: str) -> None:
    """The title was changed."""
    cache.delete(f"title:{name}")
