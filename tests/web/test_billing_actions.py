"""Plans, purchases, budgets and corrections, set on the pages."""

from decimal import Decimal

import pytest
from django.test import Client

from botmeter.billing.account_facts import account_terms
from botmeter.domain.instant import DAY_US, now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.budgets import budgets
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.billing.plan_terms import opening_balances
from botmeter.ledger.billing.purchases import purchases
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role
from support.forms import form_values
from support.page_forms import changing_forms
from web.conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
BILLING = "/a/acme/admin/billing"
PLAN, PURCHASES, BUDGETS = f"{BILLING}/plan", f"{BILLING}/purchases", f"{BILLING}/budgets"
OWN_PLAN = """name = "own"
currency = "USD"
[[meter]]
[meter.allowance]
sessions = 1
[meter.pack]
sessions = 100
price = "49.00"
[tax]
rate = "0.19"
"""


@pytest.fixture
def olga(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    return browser(owner)


def first_on() -> str:
    return day_of_us(now_us()).replace(day=1).isoformat()


def set_own_plan(client: Client, **more: str) -> str:
    sent = {"what": "set", "text": OWN_PLAN, "from_on": first_on(), **more}
    return client.post(PLAN, sent, follow=True).content.decode()


def audited(action: Action) -> list[dict[str, object]]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk").values_list("detail", flat=True))


@pytest.mark.slow
def test_a_published_plan_is_previewed_and_set_with_an_opening_balance(olga: Client, ledgers: OpenLedgers) -> None:
    preview = olga.get(f"{PLAN}?plan=freshworks.new").content.decode()
    assert "A pack of 100 sessions costs $49.00" in preview
    assert "Published price, as of" in preview
    sent = {**form_values(preview, "set-plan"), "what": "set", "allowance_used": "480", "units_left": "20"}
    page = olga.post(PLAN, sent, follow=True).content.decode()
    assert "freshworks.new@1 is in force from" in page
    with ledgers.reading("acme") as ledger:
        [term] = account_terms(ledger)
        [opening] = opening_balances(ledger)
    assert day_of_us(term.from_us).isoformat() == first_on()
    assert (opening.balance.allowance_used, opening.balance.packs[0].units_left) == (Decimal(480), Decimal(20))
    assert audited(Action.PLAN_SET)[0]["plan"] == "freshworks.new@1"
    assert "480 of the allowance used" in str(audited(Action.OPENING_BALANCE_SET)[0])


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"text": OWN_PLAN.replace('"USD"', '"USX"')}, "is not in ISO 4217"),
        ({"text": OWN_PLAN.replace('"49.00"', '"-1"')}, "price"),
        ({"text": f"{OWN_PLAN}\nodd = 1"}, "odd"),
        pytest.param({"text": "x" * 6_001}, "this page accepts 6,000", id="plan_text_too_long"),
        ({"plan": "nosuch"}, "Unknown plan"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(olga: Client, sent: dict[str, str], sentence: str) -> None:
    assert sentence in olga.get(PLAN, sent).content.decode()


@pytest.mark.slow
def test_two_plans_from_one_day_are_refused_and_a_new_one_begins_with_the_next_cycle(
    olga: Client, ledgers: OpenLedgers
) -> None:
    set_own_plan(olga)
    page = set_own_plan(olga)
    assert "begins" in page
    assert 'role="alert"' in page
    offered = olga.get(f"{PLAN}?plan=session.price").content.decode()
    olga.post(PLAN, {**form_values(offered, "set-plan"), "what": "set"})
    with ledgers.reading("acme") as ledger:
        [_, following] = account_terms(ledger)
    assert following.from_us > now_us()
    page = olga.post(PLAN, {"what": "withdraw", "term": "2", "reason": "Typed wrongly"}, follow=True).content.decode()
    assert "session.price@1 is withdrawn" in page
    assert audited(Action.PLAN_WITHDRAWN) == [{"plan": "session.price@1", "reason": "Typed wrongly"}]


@pytest.mark.slow
def test_packs_are_bought_once_confirmed_and_a_purchase_is_reversed_with_a_reason(
    olga: Client, ledgers: OpenLedgers
) -> None:
    set_own_plan(olga)
    question = olga.post(PURCHASES, {"what": "buy", "packs": "3"}).content.decode()
    assert "Record 3 packs of 100 sessions for $147.00?" in question
    [form] = [each for each in changing_forms(question, path=PURCHASES) if "confirmed" in each.fields]
    page = olga.post(PURCHASES, form.fields, follow=True).content.decode()
    assert "Purchase 1 recorded: 3 packs of 100 sessions for $147.00." in page
    page = olga.post(PURCHASES, {"what": "reverse", "purchase": "1", "reason": ""}).content.decode()
    assert "This field is required" in page
    page = olga.post(PURCHASES, {"what": "reverse", "purchase": "1", "reason": "Twice"}, follow=True).content.decode()
    assert "by mistake: Twice" in page
    with ledgers.reading("acme") as ledger:
        assert not purchases(ledger)
    assert audited(Action.PACKS_BOUGHT)[0]["packs"] == 3
    assert audited(Action.PURCHASE_REVERSED) == [{"purchase": 1, "reason": "Twice"}]


@pytest.mark.slow
def test_a_purchase_in_the_future_or_without_packs_is_refused(olga: Client, ledgers: OpenLedgers) -> None:
    assert "no plan yet" in olga.get(PURCHASES, follow=True).content.decode()
    set_own_plan(olga)
    tomorrow = day_of_us(now_us() + DAY_US).isoformat()
    question = olga.post(PURCHASES, {"what": "buy", "packs": "1", "bought_on": tomorrow, "confirmed": "yes"})
    assert "which is in the future" in question.content.decode()
    early = olga.post(PURCHASES, {"what": "buy", "packs": "1", "bought_on": "2022-03-01", "confirmed": "yes"})
    assert "has no plan at" in early.content.decode()
    with ledgers.reading("acme") as ledger:
        assert not purchases(ledger)


@pytest.mark.slow
def test_a_budget_is_added_once_and_ended_once_confirmed(olga: Client, ledgers: OpenLedgers) -> None:
    set_own_plan(olga)
    sent = {"what": "add", "scope": "bot", "name": "b1", "amount": "25.00", "unit": "money", "per": "month"}
    page = olga.post(BUDGETS, {**sent, "is_brake": "on"}, follow=True).content.decode()
    assert "Budget added: Bot b1: $25.00 per month, brake." in page
    assert "is in force for bot" in olga.post(BUDGETS, sent).content.decode()
    assert "use a number above 0" in olga.post(BUDGETS, {**sent, "amount": "-1"}).content.decode()
    question = olga.get(f"{BUDGETS}?what=end&budget=1").content.decode()
    assert "End the budget for Bot b1" in question
    olga.post(BUDGETS, {"what": "end", "budget": "1", "confirmed": "yes"})
    with ledgers.reading("acme") as ledger:
        assert not budgets(ledger)
    assert len(audited(Action.BUDGET_SET)) == len(audited(Action.BUDGET_ENDED)) == 1


@pytest.mark.slow
def test_a_session_is_marked_as_test_and_the_correction_is_undone(olga: Client, ledgers: OpenLedgers) -> None:
    set_own_plan(olga)
    with ledgers.reading("acme") as ledger:
        [(session_id,), *_] = ledger.connection.execute("SELECT session_id FROM session").fetchall()
    path = f"/a/acme/sessions/{session_id}"
    assert "Charged once" in olga.get(path).content.decode()
    page = olga.post(f"{path}/correction", {"what": "correct", "kind": "test", "reason": "Our own QA"}, follow=True)
    assert "Not charged: test" in page.content.decode()
    assert "Charged once" not in page.content.decode()
    assert "Marked as test on" in page.content.decode()
    page = olga.post(f"{path}/correction", {"what": "undo", "reason": "A customer after all"}, follow=True)
    assert "Correction undone" in page.content.decode()
    with ledgers.reading("acme") as ledger:
        assert not corrections(ledger)
        assert len(corrections(ledger, with_undone=True)) == 2
    assert len(audited(Action.SESSION_CORRECTED)) == len(audited(Action.CORRECTION_UNDONE)) == 1
    page = olga.post(f"{path}/correction", {"what": "correct", "kind": "void", "reason": ""}, follow=True)
    assert "The charge was not corrected." in page.content.decode()


@pytest.mark.slow
def test_an_analyst_sees_purchases_and_budgets_without_their_forms(
    olga: Client, person: MakePerson, browser: MakeBrowser
) -> None:
    set_own_plan(olga)
    theirs = browser(person("ann@example.org", role=Role.ANALYST))
    for path in (PURCHASES, BUDGETS, f"{PLAN}?plan=freshworks.new"):
        page = theirs.get(path).content.decode()
        assert not [form for form in changing_forms(page, path=path) if form.action.startswith(BILLING)], path
        assert theirs.post(path, {"what": "buy"}).status_code == 403
