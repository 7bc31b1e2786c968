"""Plans and purchases by command: what they say, what they record, when they refuse."""

import tomllib

import pytest

from botmeter.cli.plan_changes import opening, set_plan_of_account
from botmeter.domain.errors import Refused
from cli.conftest import Run


def test_a_shipped_plan_is_listed_and_shown_with_its_source(run: Run) -> None:
    listed = run("plan list --format csv").rows
    assert [row["plan"] for row in listed if row["plan"].startswith("freshworks")] == [
        "freshworks.new",
        "freshworks.old",
    ]
    assert run("plan list").out.splitlines()[0].split() == ["plan", "price", "seen", "on", "confidence"]
    shown = run("plan show freshworks.new").out
    assert "# A pack of 100 sessions costs $49.00" in shown
    assert tomllib.loads(shown)["meter"][0]["pack"] == {"sessions": 100, "price": "49.00", "recurring": True}
    assert run("plan show freshworks.new --format json").json["effective_from"] == "2025-11-13"


def test_a_number_of_sessions_is_priced(run: Run) -> None:
    priced = run("plan price freshworks.new --sessions 1200 --bought 12 --format json").json
    line = {"label": "Packs of 100 sessions", "quantity": "12", "unit_price": "49.00", "amount": "588.00"}
    assert priced == {"currency": "USD", "lines": [line], "subtotal": "588.00", "tax": "0.00", "total": "588.00"}
    assert run("plan price freshworks.new --sessions 1200 --bought 12 --format csv").rows == [line]
    table = run("plan price gorgias.pro --sessions 2101").out.splitlines()
    assert [line.split()[-1] for line in table] == ["amount", "360.00", "72.00", "432.00"]
    refused = run("plan price gorgias.pro --sessions 1 --bought 1")
    assert (refused.code, "sells no packs" in refused.err) == (1, True)


@pytest.mark.slow
def test_a_plan_is_set_withdrawn_and_listed(acme: Run) -> None:
    assert "has no plan" in acme("plan list -a acme").err
    first = acme("plan set freshworks.new -a acme --reason contract")
    assert (first.code, "the start of a cycle; --from chooses another day" in first.err) == (0, True)
    assert "2030-01-01T00:00:00Z" in acme("plan set session.price -a acme --from 2030-01-01").out
    assert "set from 2030-01-01T00:00:00Z, is withdrawn" in acme("plan withdraw -a acme --reason no").err
    following = acme("plan set session.price -a acme --from next-cycle")
    again = acme("plan set session.price -a acme")
    assert "counted by" not in first.err + following.err
    other = acme("plan set lex.request -a acme --from 2031-01-01").err
    assert "counted by lex.request@1, for the bill alone; the report stays with freshchat.session@1" in other
    acme("plan withdraw 4 -a acme --reason test")
    assert (following.code, again.code, "begins at" in again.err) == (0, 1, True)
    listed = acme("plan list -a acme --format json").json
    assert [(row["term"], row["plan"], row["reason"], row["withdrawn_for"]) for row in listed] == [
        (1, "freshworks.new@1", "contract", None),
        (3, "session.price@1", None, None),
        (2, "session.price@1", None, "no"),
        (4, "lex.request@1", None, "test"),
    ]
    assert acme("plan withdraw 1 -a acme --reason x").code == 0


@pytest.mark.slow
def test_packs_are_bought_reversed_and_removed(acme: Run) -> None:
    acme("plan set freshworks.new -a acme --from 2026-03-01")
    assert "purchase 1 recorded: 3 packs of 100 sessions for $147.00" in acme("plan buy 3 -a acme --at 2026-03-20").err
    acme("plan buy 1 -a acme --at 2026-03-21T10:00:00+01:00 --reason campaign")
    listed = acme("plan purchases -a acme --format json").json
    [bought, later] = [row for row in listed if row["how"] == "manual"]
    assert {row["how"] for row in listed} == {"manual", "recurring"}, "with each cycle since"
    assert (bought["usable_from"], bought["expires_at"]) == ("2026-03-20T00:00:00Z", "2026-04-01T00:00:00Z")
    assert (later["usable_from"], later["reason"], later["set_by"]) == (
        "2026-03-21T09:00:00Z",
        "campaign",
        "command line",
    )
    assert "purchase 1 reversed" in acme("plan correct 1 -a acme --reason 'typed twice'").err
    table = acme("plan purchases -a acme").out
    assert "2026-03-21 09:00  2026-04-01 00:00\n" in table, "no time is cut"
    assert max(map(len, table.splitlines())) <= 80
    assert [row["reverses"] for row in acme("plan purchases -a acme --format json").json].count(1) == 1
    assert "1 recurring pack removed from" in acme("plan remove 1 -a acme").err
    opened = acme(
        "plan opening -a acme --as-of 2026-03-12 --allowance-used 310 --pack 40 --pack 100@2026-05-31 --pack 5@never"
    )
    assert "310 of the allowance used and 145 left in packs, as of 2026-03-12T00:00:00Z\n" in opened.err


REFUSED = (
    ("set freshworks.neww", 1, "Did you mean freshworks.new"),
    ("set missing.toml", 1, "Plan file missing.toml does not exist."),
    ("set freshworks.new --from 2026-13-01", 2, "'2026-13-01' is not a date."),
    ("buy 1 --at 2026-02-01", 1, "The account has no plan at 2026-02-01T00:00:00Z."),
    ("buy 1 --at 2026-03-02T10:00:00", 1, "has no offset"),
    ("buy 1 --meter 1", 1, "Its only meter is 0."),
    ("correct 7 --reason x", 1, "Account acme has no purchase 7."),
    ("opening --as-of 2026-03-12 --pack many", 1, "'many' is not a number of units."),
    ("opening --as-of 2026-03-12 --allowance-used 501", 1, "includes 500."),
)


@pytest.mark.slow
def test_a_refusal_names_the_thing_and_the_value(acme: Run) -> None:
    acme("plan set freshworks.new -a acme --from 2026-03-01")
    for command, code, sentence in REFUSED:
        refused = acme(f"plan {command} -a acme")
        assert (refused.code, sentence in refused.err) == (code, True), refused.err
    assert acme("plan purchases -a acme --format json").json == []


def test_refusals_of_commands_have_codes(acme: Run) -> None:
    acme("plan set freshworks.new -a acme --from 2026-03-01")
    with pytest.raises(Refused) as units:
        opening("acme", "2026-03-12", allowance_used="many")
    with pytest.raises(Refused, match=r"replayed with the first plan, and freshworks\.new@1 is set already") as replay:
        set_plan_of_account("session.price", "acme", replay_recharge=True)
    assert (units.value.code, replay.value.code) == ("units_invalid", "replay_not_first")
