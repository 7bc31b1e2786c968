"""Accounts created from the pages."""

from django.db import transaction

from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role


def create_account(ledgers: OpenLedgers, name: str, *, title: str, owner: User) -> Account:
    """Create an account under the default policy, owned by the user."""
    account = Account(name=name.strip(), title=title)
    with transaction.atomic():
        # The member first: the transaction rolls it back if the ledger can't be created.
        own(account.name, owner)
        SharedFolder(ledgers).create(account, policy=FRESHCHAT, now_us=now_us())
    return account


def own(account: str, user: User) -> None:
    """Make the user an owner."""
    Membership.objects.update_or_create(
        user=user, account=account, defaults={"role": Role.OWNER.value, "may_export": True}
    )
