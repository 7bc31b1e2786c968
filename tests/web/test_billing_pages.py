"""Admin → Billing with a plan: the open cycle, statements, their sessions and files."""

import json
import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event

from botmeter.billing.account_plans import cycle_of_day
from botmeter.billing.account_statements import preliminary_document
from botmeter.billing.plan_actions import set_plan
from botmeter.billing.plan_text import plan_from_text
from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us, text_from_us, us_from_text
from botmeter.domain.money_text import money_text
from botmeter.domain.period import day_of_us
from botmeter.domain.text import day_text
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, User
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.web.pages.billing.bills import plans_of
from web.conftest import MakeBrowser
from web.test_billing_actions import BILLING, OWN_PLAN

pytestmark = pytest.mark.django_db
STATEMENTS = f"{BILLING}/statements"
MARCH = us_from_text("2026-03-01T00:00:00Z")
PRICED = OWN_PLAN.replace("[tax]", '[meter.beyond]\nkind = "price"\nprice = "0.50"\n[fixed]\nfee = "9.00"\n[tax]')


@pytest.fixture
def olga(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    """The owner of an account whose plan began in March, with one session included a month."""
    with ledgers.writing("acme") as ledger:
        set_plan(ledger, plan_from_text(PRICED), from_us=MARCH, now_us=now_us())
    return browser(owner)


def page_at(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.content.decode())


def close_through_april(client: Client) -> str:
    return client.post(
        f"{BILLING}/cycles/2026-04-01", {"what": "close", "confirmed": "yes"}, follow=True
    ).content.decode()


def test_without_a_plan_billing_offers_the_published_ones(
    browser: MakeBrowser, owner: User, viewer: User, ledgers: OpenLedgers
) -> None:
    page = page_at(browser(owner), BILLING)
    assert f'href="{BILLING}/plan?plan=freshworks.new"' in page
    assert 'data-widget="month-to-date"' in page


def test_the_open_cycle_shows_its_cost_sessions_and_plan(olga: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        now = now_us()
        at = str(ledger.account.available_from.replace(year=2026, month=4, day=2))
        append_events(ledger, *(event(f"n{n}", f"{at}T10:0{n}", customer_id=f"n{n}") for n in range(3)), now_us=now)
        document = preliminary_document(ledger, now_us=now)
    page = page_at(olga, BILLING)
    assert 'data-widget="cycle-cost"' in page
    assert money_text(Decimal(document["total"]), "USD") in page
    assert "A pack of 100 sessions costs $49.00" in page
    assert "Cycle " in page
    assert f'href="{STATEMENTS}"' in page


@pytest.mark.slow
def test_the_number_of_sessions_not_charged_opens_them_on_the_page_and_in_its_files(
    olga: Client, ledgers: OpenLedgers
) -> None:
    with ledgers.writing("acme") as ledger:
        ids = billed_sessions(ledger, MARCH, end_us=us_from_text("2026-04-01T00:00:00Z"))["session_id"].to_pylist()
        correct_session(ledger, ids[0], kind=CorrectionKind.VOID, reason="a loop", now_us=now_us())
    page = page_at(olga, "/a/acme/reports/bot-session-consumption?from=2026-03-01&to=2026-03-31")
    [(href, count)] = re.findall(r'<a href="([^"]+charge=not_charged[^"]*)">of which not charged (\d+)</a>', page)
    rows = page_at(olga, href)
    assert re.findall(r'data-value="(\d+)"', rows)[0] == count == "1"
    assert "Remove filter: Charge not charged" in rows
    [csv] = re.findall(r'href="([^"]+export[^"]*csv[^"]*)"', rows)
    file = b"".join(olga.get(csv).streaming_content).decode()  # type: ignore[attr-defined]
    assert (ids[0] in file, ids[1] in file) == (True, False)
    others = page_at(olga, href.replace("not_charged", "charged"))
    assert re.findall(r'data-value="(\d+)"', others)[0] == str(len(ids) - 1)
    assert olga.get(href.replace("not_charged", "free")).status_code == 400


@pytest.mark.parametrize("tab", ["", "/plan", "/purchases", "/budgets", "/what-if", "/statements"])
def test_each_label_of_a_page_names_one_field(olga: Client, tab: str) -> None:
    page = page_at(olga, f"{BILLING}{tab}")
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', page)) <= set(ids)


def test_a_plan_that_another_followed_ended_the_day_before(olga: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        later = plan_from_text(PRICED.replace("version = 1", "version = 2"))
        set_plan(ledger, later, from_us=us_from_text("2026-04-01T00:00:00Z"), now_us=now_us())
    page = page_at(olga, f"{BILLING}/plan")
    assert ("In force" in page, "Until 31 Mar 2026" in page) == (True, True)


@pytest.mark.slow
def test_a_preliminary_statement_is_closed_once_confirmed_and_leads_to_its_sessions(
    olga: Client, ledgers: OpenLedgers
) -> None:
    preliminary = page_at(olga, f"{BILLING}/cycles/2026-03-01")
    assert "Preliminary statement, March 2026" in preliminary
    question = page_at(olga, f"{BILLING}/cycles/2026-03-01?what=close")
    assert "Close March 2026?" in question
    closed = olga.post(f"{BILLING}/cycles/2026-03-01", {"what": "close", "confirmed": "yes"}, follow=True)
    page = unescape(closed.content.decode())
    assert "Statement ACME-000001" in page
    with ledgers.reading("acme") as ledger:
        [statement] = closed_statements(ledger)
    document = json.loads(statement.document)
    # 2 sessions of March: one is included, one costs 0.50; with the fee of 9.00 and 19 % tax.
    assert document["total"] == "11.31"
    printed = re.findall(
        r'<td class="r num">(?:<bdi>)?(\$[\d.,]+)',
        page.partition('data-widget="charges"')[2].partition("</section>")[0],
    )
    amounts = [Decimal(each.removeprefix("$")) for each in printed]
    assert Decimal("11.31") in amounts
    assert statement.sha256 in page
    sessions = page_at(olga, f"{STATEMENTS}/ACME-000001/sessions?funding=beyond")
    assert "1 session of 2 of ACME-000001." in sessions
    [href] = set(re.findall(r'href="(/a/acme/sessions/[^"]+)"', sessions))
    assert "Why was this session charged?" in page_at(olga, href)
    assert AuditEntry.objects.get(action=Action.CYCLE_CLOSED).detail == {"statement": "ACME-000001"}
    assert olga.get(f"{BILLING}/cycles/2026-03-01")["Location"] == f"{STATEMENTS}/ACME-000001"
    assert "adjusted" not in page_at(olga, STATEMENTS)


@pytest.mark.slow
def test_a_corrected_session_stands_among_the_adjustments_of_the_next_statement(
    olga: Client, ledgers: OpenLedgers
) -> None:
    olga.post(f"{BILLING}/cycles/2026-03-01", {"what": "close", "confirmed": "yes"})
    sessions = page_at(olga, f"{STATEMENTS}/ACME-000001/sessions?funding=beyond")
    [href] = set(re.findall(r'href="(/a/acme/sessions/[^"]+)"', sessions))
    session = page_at(olga, href)
    assert "Beyond allowance and packs, at $0.50" in session
    [line] = re.findall(rf'href="({STATEMENTS}/ACME-000001#line-\d)"', session)
    row = page_at(olga, line).partition(f'id="{line.partition("#")[2]}"')[2].partition("</tr>")[0]
    assert "$0.50" in row
    olga.post(f"{href}/correction", {"what": "correct", "kind": "void", "reason": "Twice"})
    assert "The next statement changes it: the session is void." in page_at(olga, href)
    overview = page_at(olga, BILLING)
    # The open cycle has its fee of 9.00 with 19 % tax, and the statement pays 0.50 with tax back.
    assert re.findall(r"(−?\$[\d.]+)</a></p>", overview.partition('data-widget="cycle-cost"')[2])[0] == "$10.71"
    assert "−$0.60 adjustments of earlier cycles" in overview
    assert "$10.11 on the next statement" in overview
    page = unescape(close_through_april(olga))
    assert "Adjustments of earlier cycles" in page
    assert "−$0.60" in page
    assert "1 session removed: voided." in page
    [to_session] = set(re.findall(rf'href="({BILLING}/session\?key=[^"]+)"', page))
    assert olga.get(to_session)["Location"] == href
    assert "adjusted by ACME-000002" in page_at(olga, STATEMENTS)


def test_a_closed_statement_is_downloaded_as_its_bytes_lines_and_sessions(olga: Client, ledgers: OpenLedgers) -> None:
    close_through_april(olga)
    with ledgers.reading("acme") as ledger:
        first = closed_statements(ledger)[0]
    files = f"{STATEMENTS}/ACME-000001/files"
    assert olga.get(f"{files}/json").content == first.document
    lines = olga.get(f"{files}/csv").content.decode()
    assert "statement,first_day" in lines
    assert "opening_key" in olga.get(f"{files}/sessions.csv").content.decode()
    assert olga.get(f"{files}/sessions.parquet").content[:4] == b"PAR1"
    assert olga.get(f"{files}/exe").status_code == 404
    assert AuditEntry.objects.filter(action=Action.EXPORTED).count() == 4


def test_what_is_not_there_is_a_sentence(olga: Client, ledgers: OpenLedgers) -> None:
    for path in (f"{STATEMENTS}/ACME-000009", f"{BILLING}/cycles/2020-01-01", f"{BILLING}/cycles/yesterday"):
        assert olga.get(path).status_code in {400, 404}, path
    with ledgers.reading("acme") as ledger, pytest.raises(Missing) as missing:
        cycle_of_day(plans_of(ledger), date(2020, 1, 1), now_us=now_us())
    assert missing.value.code == "cycle_unknown"
    answer = olga.get(f"{BILLING}/session?key=1&at=2026-03-30T22:00:00Z")
    assert "No session begins with the event" in answer.content.decode()


def test_the_grace_period_is_a_setting_of_statements(olga: Client) -> None:
    page = olga.post(STATEMENTS, {"what": "grace", "grace_days": "5"}, follow=True).content.decode()
    assert "Grace period: 5 days." in page
    assert AuditEntry.objects.get(action=Action.SETTING_CHANGED).detail["setting"] == "grace_days"
    assert olga.post(STATEMENTS, {"what": "grace", "grace_days": "90"}).status_code == 400


def test_another_plan_is_compared_for_the_same_sessions(olga: Client) -> None:
    query = {"cycle": "2026-03-01", "plan": "session.price", "text": "", "policy": ""}
    page = unescape(olga.get(f"{BILLING}/what-if", query).content.decode())
    assert "instead of $11.31" in page
    assert f'href="{BILLING}/cycles/2026-03-01"' in page
    [(move, count)] = re.findall(rf'href="({BILLING}/what-if/sessions[^"]+would=beyond)"[^>]*><bdi>(\d+)<', page)[:1]
    assert f"{count} session of 2 of What if, March 2026." in page_at(olga, move)
    [(line, amount)] = re.findall(r'href="(#other-\d)"[^>]*>(\$[\d.]+)<', page.replace("<bdi>", ""))[:1]
    assert amount in page.partition(f'id="{line.removeprefix("#")}"')[2].partition("</tr>")[0]
    simulated = unescape(olga.get(f"{BILLING}/what-if", {**query, "policy": "lex.request"}).content.decode())
    assert "by lex.request@1, metered now and spread evenly over the cycle." in simulated


def add_five_sessions(ledgers: OpenLedgers) -> None:
    """Add five sessions a minute ago: three of b0 on web, two of b1 by email."""
    with ledgers.writing("acme") as ledger:
        at_us = now_us() - 60_000_000
        events = [
            event(
                f"n{n}",
                text_from_us(at_us + n),
                customer_id=f"n{n}",
                bot_id=f"b{n % 2}",
                channel=("web", "email")[n % 2],
            )
            for n in range(5)
        ]
        append_events(ledger, *events, now_us=now_us())


@pytest.mark.slow
def test_costs_of_the_open_cycle_add_up_by_bot_version_and_channel(olga: Client, ledgers: OpenLedgers) -> None:
    add_five_sessions(ledgers)
    page = page_at(olga, BILLING)
    for name in ("bot", "channel", "bot-version"):
        card = page.partition(f'data-widget="cost-by-{name}"')[2].partition("</section>")[0]
        body, _, foot = card.partition("<tfoot>")
        amounts = [Decimal(each) for each in re.findall(r">\$([\d.]+)<", body)]
        assert sum(amounts) == Decimal(re.findall(r">\$([\d.]+)<", foot)[0]) > 0
        assert "5" in foot
    [href] = set(re.findall(r'href="([^"]*/sessions\?bot=b1)"', page))
    assert "2 sessions of 5 of" in page_at(olga, href)


@pytest.mark.slow
def test_a_budget_counts_its_sessions_and_their_cost_without_tax(olga: Client, ledgers: OpenLedgers) -> None:
    add_five_sessions(ledgers)
    bot, channel = {"scope": "bot", "name": "b1"}, {"scope": "channel", "name": "web"}
    for sent in (
        {**bot, "amount": "2", "unit": "sessions", "per": "cycle", "is_brake": "on"},
        {**bot, "amount": "9", "unit": "sessions", "per": "month"},
        {**channel, "amount": "4.00", "unit": "money", "per": "cycle"},
        {"scope": "account", "amount": "10.00", "unit": "money", "per": "cycle"},
    ):
        olga.post(f"{BILLING}/budgets", {"what": "add", **sent})
    page, today = page_at(olga, f"{BILLING}/budgets"), day_text(day_of_us(now_us() - 60_000_000))
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in page.split('<tr class="row">')[1:]]
    # Of b0's three sessions on web one is included; the fee is 9.00, and 4 sessions cost 0.50 each, with 19 % tax.
    starts = (
        f"Bot Order bot Brake 2 sessions 100.0 % 2 sessions a cycle {today}",
        "Bot Order bot 2 sessions 22.2 % 9 sessions a month ",
        "Channel web $1.00 25.0 % $4.00 a cycle ",
        # The fee and its tax alone are more.
        "Account $13.09 130.9 % $10.00 a cycle 1 ",
    )
    assert [row for row, start in zip(rows, starts, strict=True) if not row.startswith(start)] == []
    hrefs = re.findall(r'<a href="([^"]+)">2 sessions</a>', page)
    assert "2 sessions of 5 of" in page_at(olga, hrefs[0])
    assert re.findall(r'data-value="(\d+)"', page_at(olga, hrefs[1]))[0] == "2"
    assert "Reached on" in page_at(olga, BILLING)
