"""Cost centres: set on their page, then a filter and a split of the report."""

import csv
import io

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role
from support.html import widget_values

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db

PATH = "/a/acme/bots/cost-centres"
REPORT = "/a/acme/reports/bot-session-consumption"
DAYS = "from=2026-03-01&to=2026-04-30"
SALES = {"subject": "bot:b1", "cost_centre": " Sales ", "from_on": "31 Mar 2026"}


@pytest.fixture
def client(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> Client:
    return browser(owner)


def page_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_an_account_without_cost_centres_is_offered_no_filter_and_no_split(client: Client) -> None:
    page = page_of(client, f"{REPORT}?{DAYS}")
    assert "cost-centre" not in page
    assert "Cost centre" not in page


def test_a_cost_centre_is_set_shown_and_audited(client: Client, owner: User) -> None:
    answer = client.post(PATH, SALES)
    assert (answer.status_code, answer.headers["Location"]) == (302, PATH)
    page = page_of(client, PATH)
    assert "Order bot has the cost centre Sales from 31 Mar 2026." in page
    assert page.count("<bdi>Sales</bdi>") == 2
    assert 'cost_centre=Sales"' in page
    [entry] = AuditEntry.objects.filter(account="acme", action="cost_centre_set")
    assert entry.user == owner
    assert entry.detail == {"bot": "b1", "cost_centre": "Sales", "from_day": "2026-03-31"}
    client.post(PATH, {"subject": "bot:b1", "cost_centre": "", "from_on": "2026-05-01"})
    assert "Order bot has no cost centre of its own from 1 May 2026." in page_of(client, PATH)


@pytest.mark.slow
def test_the_split_adds_up_and_each_number_opens_its_sessions(client: Client) -> None:
    client.post(PATH, SALES)
    page = page_of(client, f"{REPORT}?{DAYS}")
    assert 'data-widget="cost-centre-consumption"' in page
    assert "Cost centre" in page
    page = page_of(client, f"{REPORT}/widgets/cost-centre-consumption?{DAYS}")
    # The first of three sessions starts the day before.
    assert [int(each["data-value"]) for each in widget_values(page)["cost-centre-consumption"]] == [2, 1]
    for filters, count in (("cost_centre=Sales", 2), ("cost_centre.not=Sales", 1), ("cost_centre=Nobody", 0)):
        rows = page_of(client, f"{REPORT}/rows?{DAYS}&{filters}&grain=session")
        assert f'data-value="{count}"' in rows, filters
        assert "Cost centre" in rows
    content = client.get(f"{REPORT}/widgets/cost-centre-consumption/export.csv?{DAYS}").content.decode()
    assert list(csv.reader(io.StringIO(content, newline=""))) == [
        ["cost_centre", "sessions"],
        ["Sales", "2"],
        ["", "1"],
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost_centre": "two\u2028lines"}, "is not a valid cost centre"),
        ({"from_on": "31 Apr 2026"}, "31 Apr 2026"),
        ({"subject": "bot:nobody"}, "is not one of the available choices"),
    ],
)
def test_a_wrong_field_is_explained_beside_it(client: Client, change: dict[str, str], message: str) -> None:
    page = client.post(PATH, {**SALES, **change}).content.decode()
    assert message in page
    assert 'role="alert"' in page
    assert not AuditEntry.objects.filter(action="cost_centre_set").exists()


def test_only_those_who_change_billing_set_cost_centres(person: MakePerson, browser: MakeBrowser) -> None:
    analyst = browser(person("ann@example.org", role=Role.ANALYST))
    assert "Set cost centre" not in page_of(analyst, PATH)
    assert analyst.post(PATH, SALES).status_code == 403
