"""Statements and corrections by command: from a plan to a closed, exported and verified statement."""

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from cli.command_line import FIRST_SESSION
from cli.conftest import Run

PLAN = """
name = "simple"
currency = "EUR"
[[meter]]
[meter.allowance]
sessions = 1
[meter.beyond]
kind = "price"
price = "0.50"
[tax]
rate = "0.19"
"""


def planned(acme: Run) -> Run:
    """The account acme with a plan since March, set now: its cycles up to now are preliminary."""
    Path("simple.toml").write_text(PLAN, encoding="utf-8")
    assert acme("plan set simple.toml -a acme --from 2026-03-01").code == 0
    return acme


@pytest.mark.slow
def test_a_statement_is_shown_closed_exported_and_verified(acme: Run) -> None:
    run = planned(acme)
    assert "preliminary" in run("statement list -a acme").out
    before = run("statement show -a acme --cycle 2026-03-31 --format json").json
    assert before["number"] is None
    closed = run("statement close -a acme --through 2026-03-31 --format json")
    assert [row["number"] for row in closed.json] == ["ACME-000001"]
    assert "no cycle to close" in run("statement close -a acme --through 2026-03-31").err
    listed = run("statement list -a acme --format json").json[0]
    assert (listed["number"], listed["state"], listed["closed_by"]) == ("ACME-000001", "closed", "command line")
    document = run("statement export 1 -a acme").out
    assert hashlib.sha256(document.encode()).hexdigest() == listed["sha256"]
    stated = run("statement show ACME-000001 -a acme --format json").json
    assert (stated["lines"], stated["total"]) == (before["lines"], before["total"])
    lines = run("statement show 1 -a acme --format csv").rows
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(stated["total"])
    assert "Total" in run("statement show 1 -a acme").out
    sessions = run("statement export 1 -a acme --what sessions --format csv").rows
    assert len(sessions) == stated["sessions"]["count"]
    assert "written to" in run("statement export 1 -a acme -o one.json").err
    assert run("statement export 1 -a acme --format xlsx").code == 2
    verified = run("statement verify -a acme --format json")
    assert (verified.code, verified.json) == (0, {"statements": 1, "differences": []})


@pytest.mark.slow
def test_a_corrected_session_is_a_pending_difference_until_the_next_statement(acme: Run) -> None:
    run = planned(acme)
    run("statement close -a acme --through 2026-03-31")
    assert "correction 1 recorded" in run(f"correct void {FIRST_SESSION} -a acme --reason loop").err
    verified = run("statement verify -a acme")
    assert (verified.code, "pending" in verified.out) == (3, True)
    assert run("correct list -a acme --format json").json[0]["has_session"] == "yes"
    run("statement close -a acme --through 2026-04-30")
    assert run("statement verify -a acme").code == 0
    adjusted = run("statement show 2 -a acme --format json").json["adjustments"][0]
    assert (adjusted["of"], adjusted["sessions"][0]["reason"]) == ("ACME-000001", "voided")
    assert "correction 1 undone" in run("correct undo 1 -a acme --reason mistake").err
    assert "has no corrections" in run("correct list -a acme").err
    assert run("report -a acme --from 2026-03-01 --to 2026-04-30 --format json").json["not_charged"] == 0


@pytest.mark.slow
def test_what_cannot_be_is_refused_by_a_sentence(acme: Run) -> None:
    assert "has no plan" in acme("statement show -a acme").err
    assert "has no plan" in acme("statement close -a acme").err
    assert "so it has no statements" in acme("statement list -a acme").err
    run = planned(acme)
    assert "has no statement" in run("statement show 7 -a acme").err
    assert "not both" in run("statement show 1 -a acme --cycle 2026-03-01").err
    assert "has no session" in run("correct test nothing -a acme --reason r").err
    assert "is not over" in run("statement close -a acme --through 2990-01-01").err


@pytest.mark.slow
def test_an_export_has_the_charge_of_each_session(acme: Run) -> None:
    run = planned(acme)
    run(f"correct test {FIRST_SESSION} -a acme --reason ours")
    rows = run("sessions -a acme --grain session --from 2026-03-01 --to 2026-04-30 --format csv").rows
    assert sorted(row["charge"] for row in rows) == ["charged", "charged", "test"]
    report = run("report -a acme --from 2026-03-01 --to 2026-04-30")
    assert "of which 1 not charged" in report.out
