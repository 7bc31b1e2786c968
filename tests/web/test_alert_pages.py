"""Pages of alerts: the ready-made set, forms by kind, and the history."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from botmeter.billing.alerts.alert import AlertKind
from botmeter.billing.plan import Meter, Plan
from botmeter.billing.plan_actions import set_plan
from botmeter.domain.instant import DAY_US, now_us, present
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.delivery import Mail, RenderContext
from botmeter.people.notifications.models import Notification
from botmeter.people.rights import Role
from botmeter.web.notifications.rendering import render
from support.forms import form_values
from web.conftest import MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HERE = "/a/acme/admin/alerts"


FORM = "form"


@pytest.fixture
def admin(person: MakePerson, browser: MakeBrowser, state: ServerState) -> Client:
    """A billing admin's browser."""
    return browser(person("bea@example.org", role=Role.BILLING_ADMIN))


def test_the_ready_made_alerts_are_added_once_by_one_click(admin: Client) -> None:
    page = admin.get(HERE).content.decode()
    assert "Allowance and packs used: 80" in page
    token = uuid4().hex
    for _ in range(2):
        answer = admin.post(HERE, {"what": "ready-made", "form_token": token})
        assert answer.status_code == 302
    rules = AlertRule.objects.order_by("pk")
    assert [rule.kind for rule in rules] == ["usage", "budget", "forecast"]
    assert {tuple(rule.recipients[0]) for rule in rules} == {("user",)}
    page = admin.get(HERE).content.decode()
    assert "Forecast over budget: 100" in page
    assert "Add these alerts" not in page
    assert AuditEntry.objects.filter(action="alert_added").count() == 3


@pytest.mark.parametrize("kind", AlertKind)
def test_an_alert_of_each_kind_is_added_and_changed(admin: Client, kind: AlertKind) -> None:
    address = f"{HERE}/new?kind={kind}"
    levels = {} if kind is AlertKind.STATEMENT else {"levels": "20, 30"}
    sent = {**form_values(admin.get(address).content.decode(), FORM), **levels}
    for _ in range(2):
        assert admin.post(address, sent).status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.kind, rule.version) == (kind.value, 1)
    here = f"{HERE}/{rule.pk}"
    again = form_values(admin.get(here).content.decode(), FORM)
    assert admin.post(here, again).status_code == 302
    rule.refresh_from_db()
    assert rule.version == 1
    changed = {"moments": ["closed"]} if kind is AlertKind.STATEMENT else {"levels": "40"}
    admin.post(here, {**again, **changed})
    rule.refresh_from_db()
    assert rule.version == 2


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"levels": "many"}, "&#39;many&#39; is not a level."),
        ({"levels": "-1"}, "its level is -1; use a number above 0"),
        ({"to": []}, "Choose at least one recipient."),
        ({"scope": "bot", "scope_name": ""}, "it names no bot"),
    ],
)
def test_what_can_not_be_is_said_beside_the_form(admin: Client, changed: dict[str, str], sentence: str) -> None:
    address = f"{HERE}/new?kind=money"
    answer = admin.post(address, {**form_values(admin.get(address).content.decode(), FORM), "levels": "5", **changed})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not AlertRule.objects.exists()


def test_an_alert_is_turned_off_and_removed_after_a_question(admin: Client) -> None:
    admin.post(HERE, {"what": "ready-made", "form_token": uuid4().hex})
    rule = AlertRule.objects.order_by("pk")[0]
    admin.post(HERE, {"what": "off", "alert": rule.pk})
    assert not AlertRule.objects.get(pk=rule.pk).is_on
    question = admin.get(f"{HERE}?what=remove&alert={rule.pk}").content.decode()
    assert "Remove the alert Allowance and packs?" in question
    admin.post(HERE, {"what": "remove", "alert": rule.pk, "confirmed": "yes"})
    assert admin.get(f"{HERE}/{rule.pk}").status_code == 404
    assert AlertRule.objects.get(pk=rule.pk).removed_at is not None
    unknown = admin.get(f"{HERE}/new?kind=other", headers={"Accept": "application/json"})
    assert unknown.status_code == 404  # alert_kind_unknown


def test_a_level_below_present_use_is_sent_at_once_and_stands_in_the_history(admin: Client, state: ServerState) -> None:
    with state.ledgers.writing("acme") as ledger:
        plan = Plan(name="fixed", currency="EUR", fee=Decimal(40), meters=(Meter(),))
        set_plan(ledger, plan, from_us=now_us() - DAY_US, now_us=now_us())
    address = f"{HERE}/new?kind=money"
    admin.post(address, {**form_values(admin.get(address).content.decode(), FORM), "levels": "10, 25, 100"})
    state.alerts.check_all()
    page = admin.get(HERE).content.decode()
    assert "Cost of €25.00 reached" in page
    assert "Covered by a higher level" in page
    [sent] = Notification.objects.all()
    mail = render(sent, RenderContext(ledgers=state.ledgers, now=present()))
    assert isinstance(mail, Mail)
    assert mail.subject == "Cost of €25.00 reached"
    assert "The cycle has cost €40.00 until now." in mail.text
    assert f"{HERE}/{sent.content['rule']}" in mail.html


def test_only_those_who_manage_users_add_addresses_of_people_who_are_not_members(
    admin: Client, person: MakePerson, browser: MakeBrowser
) -> None:
    address = f"{HERE}/new?kind=usage"
    admin.post(address, {**form_values(admin.get(address).content.decode(), FORM), "emails": "eve@example.com"})
    rule = AlertRule.objects.get()
    here = f"{HERE}/{rule.pk}"
    owner = browser(person("olga@example.org", role=Role.OWNER))
    owner.post(here, {**form_values(owner.get(here).content.decode(), FORM), "emails": "eve@example.com"})
    # The address stays offered, and no other can be added beside it.
    sent = form_values(admin.get(here).content.decode(), FORM)
    page = admin.post(here, {**sent, "emails": "eve@example.com, fay@example.com"}).content.decode()
    assert "You may choose members only, not fay@example.com." in page
    assert admin.post(here, {**sent, "emails": "eve@example.com", "levels": "70"}).status_code == 302
    rule.refresh_from_db()
    assert [each["email"] for each in rule.recipients if "email" in each] == ["eve@example.com"]


def test_a_new_plan_is_offered_the_ready_made_alerts(admin: Client, state: ServerState) -> None:
    address = "/a/acme/admin/billing/plan"
    assert "Add these alerts" not in admin.get(address).content.decode()
    with state.ledgers.writing("acme") as ledger:
        plan = Plan(name="fixed", currency="EUR", fee=Decimal(40), meters=(Meter(),))
        set_plan(ledger, plan, from_us=now_us() - DAY_US, now_us=now_us())
    assert "Add these alerts" in admin.get(address).content.decode()
    admin.post(HERE, {"what": "ready-made", "form_token": uuid4().hex})
    assert "Add these alerts" not in admin.get(address).content.decode()


def test_an_alert_says_at_which_levels_it_would_have_fired_in_the_cycle_before(
    admin: Client, state: ServerState
) -> None:
    with state.ledgers.writing("acme") as ledger:
        plan = Plan(name="fixed", currency="EUR", fee=Decimal(40), meters=(Meter(),))
        set_plan(ledger, plan, from_us=now_us() - 40 * DAY_US, now_us=now_us())
    address = f"{HERE}/new?kind=money"
    admin.post(address, {**form_values(admin.get(address).content.decode(), FORM), "levels": "10, 25, 100"})
    page = admin.get(f"{HERE}/{AlertRule.objects.get().pk}").content.decode()
    assert "it would have fired at €10.00, €25.00." in page
