"""Accounts created from the pages."""

from typing import Final

from django.db import transaction

from botmeter.domain.account import Account
from botmeter.domain.errors import TooMuch
from botmeter.domain.instant import now_us
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from botmeter.people.titles import note_title

ACCOUNTS_MAX: Final = 50
"""Accounts that one user may create from the pages: each is a file of some MB, listed on each page."""


def create_account(ledgers: OpenLedgers, name: str, *, title: str, owner: User) -> Account:
    """Create an account under the default policy, owned by the user.

    Raises:
        TooMuch: `accounts_too_many` past the limit of an owner.
    """
    account = Account(name=name.strip(), title=title)
    with transaction.atomic():
        own_count = Membership.objects.filter(user=owner, role=Role.OWNER.value).count()
        if own_count >= ACCOUNTS_MAX:
            raise TooMuch(
                "accounts_too_many",
                f"{owner.email} owns {own_count} accounts; the limit is {ACCOUNTS_MAX}. An operator can create more "
                "with `botmeter account create`.",
            )
        # The member first: the transaction rolls it back if the ledger can't be created.
        own(account.name, owner)
        SharedFolder(ledgers).create(account, policy=FRESHCHAT, now_us=now_us())
        note_title(account.name, account.title)
    return account


def own(account: str, user: User) -> None:
    """Make the user an owner."""
    Membership.objects.update_or_create(
        user=user, account=account, defaults={"role": Role.OWNER.value, "may_export": True}
    )
