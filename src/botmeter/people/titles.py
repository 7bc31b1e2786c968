"""Titles of accounts, listed without opening ledgers."""

from contextlib import suppress

from botmeter.domain.errors import BotmeterError
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.database_failures import optional_write
from botmeter.people.models import AccountTitle, Membership


def note_title(account: str, title: str) -> None:
    """Note an account's current title."""
    with optional_write("the title of an account"):
        AccountTitle.objects.update_or_create(account=account, defaults={"title": title})


def noted_title(account: str) -> str:
    """Title as last read; empty if it never was."""
    return AccountTitle.objects.filter(account=account).values_list("title", flat=True).first() or ""


def note_missing_titles(ledgers: OpenLedgers) -> None:
    """Read titles never noted, of accounts with members; one ledger is open at a time."""
    noted = AccountTitle.objects.values("account")
    accounts = Membership.objects.exclude(account__in=noted).values_list("account", flat=True).distinct()
    for name in list(accounts):
        with suppress(BotmeterError):
            with ledgers.reading(name) as ledger:
                title = ledger.account.title
            note_title(name, title)
            ledgers.close_idle(0, name=name)
