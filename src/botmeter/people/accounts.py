"""Making an account from the pages: its ledger, and its first owner."""

from django.db import transaction

from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.ledger.open_ledgers import SharedFolder
from botmeter.live.ledgers import ledgers
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role


def account_names() -> list[str]:
    """Every account of the data folder, whoever may see it."""
    return SharedFolder(ledgers()).accounts()


def create_account(name: str, *, title: str, owner: User) -> Account:
    """Makes the account's ledger under the default policy, and its owner.

    Raises:
        Refused: `account_name_invalid`, `title_invalid`.
        Conflict: `account_exists`.
    """
    account = Account(name=name.strip(), title=title)
    with transaction.atomic():
        # The member first: undone if the ledger can't be made, while a ledger would have to be deleted.
        own(account.name, owner)
        SharedFolder(ledgers()).create(account, policy=FRESHCHAT, now_us=now_us())
    return account


def own(account: str, user: User) -> None:
    """Makes the user an owner of the account."""
    Membership.objects.update_or_create(
        user=user, account=account, defaults={"role": Role.OWNER.value, "may_export": True}
    )
