"""Bills, statements and corrections by the API: the documented shapes, access, and what they change."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from botmeter.billing.plan import Allowance, Beyond, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import us_from_text
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.models import AuditEntry
from botmeter.web.api.document import document
from support.json_schema import faults, schema_of_answer
from support.served import EVENTS, served
from support.server_state import in_use

Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def _billed(_served: None, tmp_path: Path) -> Iterator[None]:
    """An account with a plan since March: one session included, 0.50 for each beyond."""
    beyond = Beyond(kind="price", price=Decimal("0.50"))
    plan = Plan(name="simple", currency="EUR", meters=(Meter(allowance=Allowance(sessions=1), beyond=beyond),))
    from_us = us_from_text("2026-03-01T00:00:00Z")
    with served(tmp_path / "data", {"acme": EVENTS, "globex": EVENTS[:1]}) as opened, in_use(opened):
        with opened.writing("acme") as ledger:
            change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
            add_plan_term(ledger, change, now_us=from_us)
        yield


@pytest.fixture
def send(client: Client, secret: str) -> Ask:
    def send_body(path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"}
        return client.post(f"/api/v1/accounts/acme/{path}", body, content_type="application/json", headers=headers)

    return send_body


def documented(answer: Any, operation: str) -> Any:
    assert answer.status_code == 200, answer.content
    value = answer.json()
    assert not list(faults(value, schema_of_answer(document(), operation), document=document()))
    return value


def test_a_cycle_is_read_closed_and_read_again_byte_by_byte(ask: Ask, send: Ask) -> None:
    bill = documented(ask("bill", cycle="2026-03-31"), "bill")
    assert (bill["number"], bill["cycle"]["first_day"]) == (None, "2026-03-01")
    assert documented(send("statements/close", {"through": "2026-03-31"}), "close") == {"closed": ["ACME-000001"]}
    assert documented(send("statements/close", {"through": "2026-03-31"}), "close") == {"closed": []}
    assert AuditEntry.objects.filter(action="cycle_closed").count() == 1
    first = documented(ask("statements"), "statements")["items"][0]
    answer = ask("statements/ACME-000001")
    stated = documented(answer, "statement")
    assert hashlib.sha256(answer.content).hexdigest() == first["sha256"]
    assert (stated["total"], stated["lines"]) == (bill["total"], bill["lines"])
    rows = ask("statements/1/sessions", format="ndjson").content.splitlines()
    assert len(rows) == stated["sessions"]["count"]
    assert ask("bill", cycle="2026-03-31").json()["code"] == "cycle_closed"
    assert ask("statements/9").json()["code"] == "statement_unknown"
    assert ask("statements/1/sessions", format="xlsx").json()["code"] == "output_format_unknown"


@pytest.mark.slow
def test_a_session_is_corrected_and_the_correction_undone(ask: Ask, send: Ask) -> None:
    session_id = ask("sessions", from_="2026-03-01", to="2026-03-31", grain="session").json()["items"][0]["session_id"]
    body = {"session_id": session_id, "kind": "void", "reason": "a loop"}
    before = Decimal(ask("bill", cycle="2026-03-31").json()["total"])
    assert documented(send("corrections/add", body), "correct") == {"correction": 1}
    assert Decimal(ask("bill", cycle="2026-03-31").json()["total"]) == before - Decimal("0.50")
    assert send("corrections/add", body).json()["code"] == "session_corrected"
    assert documented(send("corrections/1/undo", {"reason": "no loop"}), "undo_correction") == {"correction": 2}
    assert send("corrections/x/undo", {"reason": "no loop"}).json()["code"] == "correction_unknown"
    items = documented(ask("corrections"), "corrections")["items"]
    assert [(item["kind"], item["undoes"]) for item in items] == [("void", None), ("void", 1)]
    assert Decimal(ask("bill", cycle="2026-03-31").json()["total"]) == before


def test_a_key_for_reports_sees_no_money(ask: Ask) -> None:
    key = new_key("acme", KeyDraft(name="k", scopes=(Scope.REPORTS_READ,)), created_by=None).secret
    assert [ask(path, key=key).status_code for path in ("bill", "statements", "corrections")] == [403, 403, 403]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("statements/close", {}),
        ("corrections/add", {"session_id": "s", "kind": "void", "reason": "r"}),
        ("corrections/1/undo", {"reason": "r"}),
    ],
)
def test_only_an_admin_key_changes_a_bill(client: Client, path: str, body: Any) -> None:
    secret = new_key("acme", KeyDraft(name="k", scopes=(Scope.BILLING_READ,)), created_by=None).secret
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(f"/api/v1/accounts/acme/{path}", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert client.get(f"/api/v1/accounts/acme/{path}", headers=headers).status_code == 405
    assert not AuditEntry.objects.exists()


def test_a_cost_centre_is_set_listed_and_in_the_rows_of_focus(ask: Ask, send: Ask) -> None:
    body = {"bot_id": "b1", "cost_centre": "Sales", "from_day": "2026-03-01"}
    stored = documented(send("cost-centres/set", body), "set_cost_centre")
    assert (stored["bot_id"], stored["channel"], stored["cost_centre"]) == ("b1", None, "Sales")
    assert documented(ask("cost-centres"), "cost_centres")["items"] == [stored]
    assert AuditEntry.objects.filter(action="cost_centre_set").count() == 1
    assert send("cost-centres/set", {**body, "bot_id": "nobody"}).json()["code"] == "bot_unknown"
    assert send("cost-centres/set", {"cost_centre": "Sales"}).json()["code"] == "cost_centre_invalid"
    send("statements/close", {"through": "2026-03-31"})
    total = ask("statements/1").json()["total"]
    rows = list(csv.DictReader(io.StringIO(ask("focus", statement="1").content.decode(), newline="")))
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(total)
    assert "Sales" in {row["SubAccountId"] for row in rows}
    assert ask("focus", format="xlsx").json()["code"] == "output_format_unknown"
    assert ask("focus", format="parquet").content[:4] == b"PAR1"
