"""Account names in the account menu, read without opening each ledger."""

import pytest
from tests.support.ledgers import NOW_US

from botmeter.domain.account import Account
from botmeter.domain.errors import TooMuch
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settings import set_title
from botmeter.live.server_state import ServerState
from botmeter.metering.policy import FRESHCHAT
from botmeter.people import accounts
from botmeter.people.accounts import create_account
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from botmeter.people.titles import note_missing_titles, note_title
from botmeter.web.titles import account_title, listed_title
from support.server_state import request_with

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db


def test_an_open_account_has_its_newest_title_and_a_closed_one_the_last(state: ServerState) -> None:
    request, ledgers = request_with(state), state.ledgers
    ledgers.close_idle(0)
    assert listed_title(request, "acme") == "acme"
    assert ledgers.open_title("acme") is None
    with ledgers.writing("acme") as ledger:
        set_title(ledger, "Acme & Sons", now_us=NOW_US)
    assert listed_title(request, "acme") == "Acme & Sons"
    ledgers.close_idle(0)
    assert listed_title(request, "acme") == "Acme & Sons"
    assert ledgers.open_title("acme") is None
    assert account_title(request, "acme") == "Acme & Sons"


@pytest.mark.slow
def test_a_page_lists_all_accounts_of_the_user_and_opens_the_ledger_of_one(
    browser: MakeBrowser, owner: User, ledgers: OpenLedgers
) -> None:
    for number in range(3):
        name = f"globex-{number}"
        with ledgers.drafting():
            account = Account(name=name, title=f"Globex Ltd {number}")
            ledgers.folder.create(account, policy=FRESHCHAT, now_us=NOW_US)
        Membership.objects.create(user=owner, account=name, role=Role.VIEWER, may_export=False)
    note_title("globex-0", "Globex Ltd 0")
    olga = browser(owner)
    page = olga.get("/a/acme/reports").content.decode()
    assert "Globex Ltd 0" in page
    assert "globex-1" in page
    assert "Globex Ltd 2" not in olga.get("/accounts").content.decode()
    assert [name for name in ledgers.folder.accounts() if ledgers.open_title(name)] == ["acme"]
    note_missing_titles(ledgers)
    ledgers.close_idle(0)
    assert not any(ledgers.open_title(name) for name in ledgers.folder.accounts())


def test_an_account_without_a_ledger_is_shown_by_its_name(state: ServerState) -> None:
    assert listed_title(request_with(state), "gone") == "gone"
    Membership.objects.create(user=User.objects.create_user("a@example.org"), account="gone", role=Role.OWNER)
    note_missing_titles(state.ledgers)
    assert account_title(request_with(state), "gone") == "gone"


def test_titles_of_accounts_that_were_never_opened_are_read_once(state: ServerState, owner: User) -> None:
    note_missing_titles(state.ledgers)
    with state.ledgers.writing("acme") as ledger:
        set_title(ledger, "Acme & Sons", now_us=NOW_US)
    state.ledgers.close_idle(0)
    note_missing_titles(state.ledgers)
    assert listed_title(request_with(state), "acme") == "acme"


def test_a_user_creates_a_limited_number_of_accounts(
    ledgers: OpenLedgers, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "ACCOUNTS_MAX", 2)
    create_account(ledgers, "second", title="Second", owner=owner)
    with pytest.raises(TooMuch, match=r"owns 2 accounts; the limit is 2") as refused:
        create_account(ledgers, "third", title="Third", owner=owner)
    assert refused.value.code == "accounts_too_many"
    assert not ledgers.folder.file_of("third").exists()
