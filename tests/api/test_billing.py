"""Bills, statements and corrections by the API: the documented shapes, access, and what they change."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from botmeter.billing.plan import Allowance, Beyond, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import us_from_text
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.live.bill_turns import BillTurns
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


def test_files_in_json_are_arrays_as_documented(ask: Ask, send: Ask) -> None:
    assert send("statements/close", {"through": "2026-03-31"}).status_code == 200
    for answer, operation in (
        (ask("sessions/export", format="json", from_="2026-03-01", to="2026-03-31"), "export"),
        (ask("statements/1/sessions", format="json"), "statement_sessions"),
    ):
        rows = json.loads(answer.getvalue())
        schema = schema_of_answer(document(), operation, media_type=answer.headers["Content-Type"])
        assert rows, operation
        assert not list(faults(rows, schema, document=document())), operation


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


@pytest.mark.slow
def test_an_explanation_says_what_pays_for_the_session_to_keys_for_bills(ask: Ask) -> None:
    march = {"from_": "2026-03-01", "to": "2026-03-31", "grain": "session"}
    ids = [item["session_id"] for item in ask("sessions", **march).json()["items"]]
    explained = [documented(ask(f"sessions/{each}/explanation"), "explanation") for each in ids]
    assert [each["charges"][0]["funding"] for each in explained[:2]] == ["allowance", "beyond"]
    assert "Charge of the cycle 1 – 31 Mar 2026: Beyond allowance and packs, at €0.50." in explained[1]["text"]
    key = new_key("acme", KeyDraft(name="k", scopes=(Scope.REPORTS_READ,)), created_by=None).secret
    assert "charges" not in documented(ask(f"sessions/{ids[0]}/explanation", key=key), "explanation")


def test_a_key_for_reports_sees_no_money(ask: Ask) -> None:
    key = new_key("acme", KeyDraft(name="k", scopes=(Scope.REPORTS_READ,)), created_by=None).secret
    assert [ask(path, key=key).status_code for path in ("bill", "statements", "corrections")] == [403, 403, 403]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("statements/close", {}),
        ("corrections/add", {"session_id": "s", "kind": "void", "reason": "r"}),
        ("corrections/1/undo", {"reason": "r"}),
        ("plans/set", {"plan": "session.price"}),
        ("plans/1/withdraw", {"reason": "r"}),
        ("purchases/add", {"packs": 1}),
        ("purchases/1/reverse", {"reason": "r"}),
        ("recurring-packs/remove", {"packs": 1}),
        ("opening-balances/set", {"as_of": "2026-03-01"}),
        ("budgets/add", {"amount": "1"}),
        ("budgets/1/end", {}),
        ("grace-period/set", {"days": 1}),
    ],
)
def test_only_an_admin_key_changes_a_bill(client: Client, path: str, body: Any) -> None:
    secret = new_key("acme", KeyDraft(name="k", scopes=(Scope.BILLING_READ,)), created_by=None).secret
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(f"/api/v1/accounts/acme/{path}", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert client.get(f"/api/v1/accounts/acme/{path}", headers=headers).status_code == 405
    assert not AuditEntry.objects.exists()


@pytest.mark.slow
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


PACKS = {
    "name": "packs",
    "currency": "EUR",
    "meter": [
        {
            "allowance": {"sessions": 1},
            "pack": {"sessions": 10, "price": "4.90", "recurring": True},
            "beyond": {"kind": "stop"},
        }
    ],
}


def test_shipped_plans_are_listed_shown_and_priced(ask: Ask) -> None:
    items = documented(ask("plans/shipped"), "shipped_plans")["items"]
    assert {"freshworks.new", "lex.request"} <= {item["plan"] for item in items}
    shown = documented(ask("plans/shipped/freshworks.new"), "shipped_plan")
    assert (shown["plan"], shown["definition"]["currency"]) == ("freshworks.new@1", "USD")
    price = documented(ask("plans/shipped/freshworks.new/price", sessions=1200, bought=12), "plan_price")
    assert (price["total"], price["lines"][0]["unit_price"]) == ("588.00", "49.00")
    assert ask("plans/shipped/freshworks").json()["code"] == "plan_unknown"
    assert ask("plans/shipped/lex.request/price", sessions=1_000_001).json()["code"] == "plan_price_too_much"


def test_a_plan_is_set_with_its_first_day_listed_and_withdrawn(ask: Ask, send: Ask) -> None:
    made = documented(send("plans/set", {"definition": PACKS, "from_day": "2026-04-01"}), "set_plan")
    assert (made["term"], made["plan"], made["from"]) == (2, "packs@1", "2026-04-01T00:00:00Z")
    assert send("plans/set", {"definition": PACKS, "from_day": "2026-04-01"}).json()["code"] == "plan_instant_taken"
    assert send("plans/set", {"plan": "session.price", "definition": PACKS}).json()["code"] == "body_invalid"
    assert send("plans/set", {"definition": {**PACKS, "price": "1"}}).json()["code"] == "plan_invalid"
    assert send("plans/set", {"definition": PACKS, "replay_recharge": True}).json()["code"] == "replay_not_first"
    withdrawn = documented(send("plans/2/withdraw", {"reason": "not signed"}), "withdraw_plan")
    listed = documented(ask("plans"), "plans")["items"]
    assert [(item["plan"], item["withdrawn_for"]) for item in listed] == [("simple@1", None), ("packs@1", "not signed")]
    assert listed[1] == withdrawn
    assert listed[0]["definition"]["meter"][0]["allowance"] == {"sessions": 1}
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["plan_set", "plan_withdrawn"]


def test_packs_are_bought_reversed_and_no_longer_recur(ask: Ask, send: Ask) -> None:
    assert send("purchases/add", {"packs": 1}).json()["code"] == "plan_without_packs"
    send("plans/set", {"definition": PACKS, "from_day": "2026-04-01"})
    bought = documented(send("purchases/add", {"packs": 2, "at": "2026-04-10", "reason": "spring"}), "buy_packs")
    assert (bought["pack_price"], bought["usable_from"]) == ("4.90", "2026-04-10T00:00:00Z")
    assert send("purchases/add", {"packs": 2, "at": "2099-01-01"}).json()["code"] == "purchase_in_future"
    assert send("purchases/add", {"packs": 1, "meter": -1}).json()["code"] == "meter_unknown"
    removed = documented(send("recurring-packs/remove", {"packs": 2}), "remove_packs")
    assert documented(ask("recurring-packs/removals"), "pack_removals")["items"] == [removed]
    number = bought["purchase"]
    reversal = documented(send(f"purchases/{number}/reverse", {"reason": "twice"}), "reverse_purchase")
    assert reversal["reverses"] == number
    assert send(f"purchases/{number}/reverse", {"reason": "twice"}).json()["code"] == "purchase_reversed"
    listed = documented(ask("purchases"), "purchases")["items"]
    assert (listed[0], listed[-1]) == (bought, reversal)
    assert {item["how"] for item in listed} == {"manual", "recurring"}
    details = [entry.detail for entry in AuditEntry.objects.filter(action="packs_bought")]
    assert [detail["bought"] for detail in details] == ["2 packs of 10 sessions for €9.80"]


def test_an_opening_balance_is_set_and_replaced(ask: Ask, send: Ask) -> None:
    send("plans/set", {"definition": PACKS, "from_day": "2026-04-01"})
    body = {"as_of": "2026-04-02", "allowance_used": "1", "packs": [{"units_left": "4", "expires": "2026-04-20"}]}
    first = documented(send("opening-balances/set", body), "set_opening_balance")
    assert first["packs"] == [{"units_left": "4", "expires_at": "2026-04-21T00:00:00Z"}]
    second = documented(send("opening-balances/set", {"as_of": "2026-04-02"}), "set_opening_balance")
    assert documented(ask("opening-balances"), "opening_balances")["items"] == [first, second]
    assert send("opening-balances/set", {**body, "allowance_used": "2"}).json()["code"] == "opening_balance_invalid"


def test_a_budget_is_added_counted_and_ended(ask: Ask, send: Ask) -> None:
    body = {"scope": "bot", "name": "b1", "unit": "sessions", "amount": "3", "brake": True}
    added = documented(send("budgets/add", body), "add_budget")
    assert (added["budget"], added["used"], added["is_reached"]) == (1, "0", False)
    assert send("budgets/add", body).json()["code"] == "budget_exists"
    assert send("budgets/add", {**body, "amount": "0.5"}).json()["code"] == "budget_invalid"
    ended = documented(send("budgets/1/end", {}), "end_budget")
    assert ended["ended_by"].startswith("key ")
    assert documented(ask("budgets"), "budgets")["items"] == [ended]
    assert send("budgets/1/end", {}).json()["code"] == "budget_ended"
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["budget_set", "budget_ended"]


def test_the_grace_period_is_read_and_set(ask: Ask, send: Ask) -> None:
    assert documented(ask("grace-period"), "grace_period") == {"days": 3}
    assert documented(send("grace-period/set", {"days": 5}), "set_grace_period") == {"days": 5}
    assert ask("grace-period").json() == {"days": 5}
    assert send("grace-period/set", {"days": 29}).json()["code"] == "grace_days_invalid"


def test_a_vendors_list_is_compared_as_the_command_does(client: Client, secret: str) -> None:
    def compare(content: bytes, media_type: str = "text/csv", *, query: str = "") -> Any:
        headers = {"Authorization": f"Bearer {secret}"}
        path = f"/api/v1/accounts/acme/reconcile{query}"
        return client.post(path, content, content_type=media_type, headers=headers)

    started = "2026-03-05T10:00:00Z"
    vendor = f"Start,Cost\n{started},0.10\n{started},0.10\n".encode()
    query = '?period=2026-03-01..2026-03-31&mapping={"started_at":{"column":"Start"},"amount":{"column":"Cost"}}'
    answer = compare(gzip.compress(vendor), query=query)
    assert answer.status_code == 200
    result = json.loads(b"".join(answer))
    assert not list(faults(result, schema_of_answer(document(), "reconcile"), document=document()))
    assert (result["theirs"], result["period"]["days"]) == ({"sessions": 2, "amount": "0.20"}, 31)
    assert result["same"] + result["only_theirs"] + result["other_day"] == 2
    assert len(result["differences"]) == sum(each["sessions"] for each in result["reasons"])
    invoice = {"period": "2026-03-01..2026-03-31", "sessions": result["ours"]["sessions"] + 1, "total": "1.00"}
    compared = documented(compare(json.dumps(invoice).encode(), "application/json"), "reconcile")
    assert (compared["difference"], compared["ours"]["currency"]) == (1, "EUR")
    refused = [
        compare(vendor),
        compare(vendor, query="?period=2026-03-01"),
        compare(vendor, "text/html"),
        compare(vendor, query="?mapping=[]"),
        compare(json.dumps(invoice).encode(), "application/json", query="?tolerance=1h"),
        compare(b"%PDF-1.7", "application/octet-stream"),
    ]
    codes = ["column_missing", "period_invalid", "media_type_unknown", "mapping_invalid", "arguments_clash"]
    assert [each.json()["code"] for each in refused] == [*codes, "format_unknown"]


def test_a_second_list_waits_and_is_then_refused_for_now() -> None:
    turns = BillTurns()
    with turns.turn(), pytest.raises(Unavailable) as refused, turns.turn(wait_seconds=0):
        pass
    assert refused.value.code == "comparison_running"
    with turns.turn(wait_seconds=0):
        pass
