"""Account names in the account menu, read without opening each ledger."""

import pytest
from tests.support.ledgers import NOW_US

from botmeter.domain.account import Account
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settings import set_title
from botmeter.live.server_state import ServerState
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from botmeter.web.titles import account_title, cached_title
from support.server_state import request_with

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db


def test_the_current_account_has_its_newest_title_and_others_a_cached_one(state: ServerState) -> None:
    request, ledgers = request_with(state), state.ledgers
    assert cached_title(request, "acme") == "acme"
    with ledgers.writing("acme") as ledger:
        set_title(ledger, "Acme & Sons", now_us=NOW_US)
    assert cached_title(request, "acme") == "acme"
    assert account_title(request, "acme") == "Acme & Sons"
    assert cached_title(request, "acme") == "Acme & Sons"


def test_a_page_lists_all_accounts_of_the_user(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> None:
    with ledgers.drafting():
        ledgers.folder.create(Account(name="globex", title="Globex Ltd"), policy=FRESHCHAT, now_us=NOW_US)
    Membership.objects.create(user=owner, account="globex", role=Role.VIEWER, may_export=False)
    page = browser(owner).get("/a/acme/reports").content.decode()
    assert "Globex Ltd" in page


def test_an_account_without_a_ledger_is_shown_by_its_name(state: ServerState) -> None:
    assert cached_title(request_with(state), "gone") == "gone"
