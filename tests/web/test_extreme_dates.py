"""Dates at the ends of the calendar are answered, or refused with a sentence, by every page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.models import User
from botmeter.web.pages.report.widgets import WIDGETS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXTREMES = (
    {"to": "9999-12-31"},
    {"to": "0001-01-01"},
    {"from": "9999-12-31", "compare": "year", "timezone": "Pacific/Kiritimati"},
    {"from": "0001-01-01", "to": "0001-01-01", "timezone": "Pacific/Pago_Pago"},
    {"from": "9998-12-30", "to": "9999-12-31", "timezone": "America/New_York"},
    {"from": "9997-01-01", "to": "9999-12-31"},
    {"from": "0001-01-01", "to": "9999-12-31"},
)


@pytest.fixture
def olga(ledgers: object, owner: User, browser: Callable[..., Client]) -> Client:
    return browser(owner)


@pytest.mark.parametrize("query", EXTREMES, ids=str)
def test_reports_rows_and_widgets_answer(olga: Client, query: dict[str, str]) -> None:
    parts: list[tuple[str, tuple[Any, ...]]] = [("report", ()), ("rows", ()), ("report-fresh", ()), ("audit", ())]
    parts += [("widget", (widget.name,)) for widget in WIDGETS]
    parts += [("choices", (name,)) for name in ("bot", "hour", "customer")]
    parts += [("export", ("csv",)), ("export", ("xlsx",)), ("shares", ()), ("views", ())]
    for route, more in parts:
        answer = olga.get(reverse(route, args=("acme", *more)), query)
        assert answer.status_code < 500, (route, more)
        if answer.status_code >= 400:
            assert "period_too_long" in answer.content.decode() or route == "audit"
        b"".join(answer.streaming_content) if answer.streaming else None


@pytest.mark.parametrize("query", EXTREMES, ids=str)
def test_the_api_answers(ledgers: object, client: Client, query: dict[str, str]) -> None:
    key = new_key("acme", KeyDraft(name="k", scopes=(Scope.ADMIN,)), created_by=None)
    parameters = {name: value for name, value in query.items() if name != "compare"}
    for route in ("reports/session-usage", "sessions", "sessions/export"):
        path = f"/api/v1/accounts/acme/{route}"
        answer = client.get(path, parameters, headers={"Authorization": f"Bearer {key.secret}"})
        assert answer.status_code == 200 or answer.json()["code"] == "period_too_long", answer.content


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_forms_with_a_day_answer(olga: Client, day: str) -> None:
    for route, fields in (
        ("settings", {"available_from": day, "title": "Acme", "timezone": "Pacific/Pago_Pago"}),
        ("settings-policy", {"policy": "freshchat.session", "from_on": day}),
        ("keys", {"name": "k", "scopes": ["reports:read"], "last_on": day}),
    ):
        assert olga.post(reverse(route, args=("acme",)), fields, follow=True).status_code < 500, route
    for path in (
        "/a/acme/reports/usage",
        "/a/acme/counting",
        "/a/acme/admin/settings",
        "/a/acme/bots",
        "/a/acme/customers",
    ):
        assert olga.get(path, {"timezone": "Pacific/Pago_Pago"}, follow=True).status_code < 500, path
    for year in ("1", "2", "9998", "9999"):
        assert olga.get("/a/acme/customer", {"id": "c1", "year": year}).status_code < 500
