"""`account set`, `bot list` and `bot name`: what things are called, and since when data counts."""

from pathlib import Path

import pytest

from cli.command_line import event, ndjson
from cli.conftest import Run

PERIOD = "--from 2026-03-01 --to 2026-04-30"


@pytest.mark.slow
def test_an_account_is_created_with_a_title_and_renamed(run: Run) -> None:
    assert run("account create acme --title 'Maple & Moor'").code == 0
    assert run("account show acme --format json").json["title"] == "Maple & Moor"
    ran = run("account set acme --title 'Acme & Sons'")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "account acme: display name Acme & Sons, data from 2022-02-04\n"
    run("account create zeta")
    listed = run("account list --format json").json
    assert listed == [{"account": "acme", "title": "Acme & Sons"}, {"account": "zeta", "title": "zeta"}]
    assert run("account set acme --title ''").code == 0
    assert run("account list --format csv").rows[0] == {"account": "acme", "title": "acme"}


def test_an_invalid_title_changes_nothing(run: Run) -> None:
    run("account create acme")
    ran = run("account set acme --available-from 2019-01-01", "--title", "two\nlines")
    assert ran.code == 2
    assert "U+000A" in ran.err
    assert run("account show acme --format json").json["available_from"] == "2022-02-04"


def test_nothing_to_set_is_refused(acme: Run) -> None:
    ran = acme("account set acme")
    assert ran.code == 2
    assert ran.err == "error: Nothing to change was given. Use --title, --available-from, or both.\n"


def test_an_account_that_can_t_be_opened_is_listed_beside_the_others(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "accounts" / "broken.duckdb").write_bytes(b"noise" * 5_000)
    ran = acme("account list --format json")
    assert ran.code == 0
    assert ran.json == [{"account": "acme", "title": "acme"}, {"account": "broken", "title": None}]
    assert "broken" in ran.err


@pytest.mark.slow
def test_an_earlier_data_start_date_lets_quarantined_events_be_accepted(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "old.ndjson").write_text(ndjson([event("o-1", "2021-03-30T22:00:00Z")]))
    assert acme("import old.ndjson --account acme --format json").json["rejected"] == 1
    ran = acme("account set acme --available-from 2021-01-01")
    assert ran.code == 0
    assert "1 quarantined event can be accepted now: botmeter quarantine retry --account acme" in ran.err
    assert acme("quarantine retry --account acme --format json").json["accepted"] == 1
    assert "2021-03-30" in acme("restatements --account acme").out


def test_the_data_start_date_can_t_be_after_counted_events(acme: Run) -> None:
    ran = acme("account set acme --available-from 2026-04-01")
    assert ran.code == 1
    assert "Use 2026-03-30 or an earlier day" in ran.err
    assert acme("account set acme --available-from soon").code == 2


@pytest.mark.slow
def test_a_bot_name_is_used_in_report_rows_and_explanation(acme: Run) -> None:
    assert acme("bot list --account acme --format json").json[0] == {
        "bot_id": "orders", "bot_name": "Order bot", "name_in_events": "Order bot", "name_set": None,
    }  # fmt: skip
    before = acme(f"report --account acme {PERIOD} --format json").json
    ran = acme("bot name orders 'Orders & more' --account acme")
    assert (ran.code, ran.out, ran.err) == (0, "", "bot orders is now called Orders & more\n")
    after = acme(f"report --account acme {PERIOD} --format json").json
    names = {bot["bot_id"]: bot["bot_name"] for bot in after["by_bot"]}
    assert names == {"orders": "Orders & more", "returns": "Returns"}
    rows = acme(f"sessions --account acme {PERIOD} --format csv").rows
    assert {row["bot_name"] for row in rows if row["bot_id"] == "orders"} == {"Orders & more"}
    assert "Orders & more" in acme(f"explain {rows[0]['session_id']} --account acme").out
    assert acme("bot name orders '' --account acme").err == "bot orders is now called Order bot\n"
    assert acme(f"report --account acme {PERIOD} --format json").json == before


def test_an_unknown_bot_or_an_invalid_name_is_refused(acme: Run) -> None:
    ran = acme("bot name order Orders --account acme")
    assert ran.code == 1
    assert "has no bot 'order'" in ran.err
    assert acme("bot name orders --account acme", "a\tb").code == 2


def test_an_account_without_bots_gets_a_message(run: Run) -> None:
    run("account create acme")
    ran = run("bot list --account acme")
    assert (ran.out, ran.err) == ("", "account acme has no bot events yet\n")
