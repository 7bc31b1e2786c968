"""`verify`, `backup`, `restore`, `erase`, `doctor`, `restatements`, `explain`, accounts and policies."""

import json
from pathlib import Path

import duckdb
import pytest

from cli.command_line import EVENTS, FIRST_SESSION, event, ndjson
from cli.conftest import Run

BOTH_WAYS = True


def test_a_clean_account_verifies(acme: Run) -> None:
    ran = acme("verify --account acme --format json")
    assert ran.code == 0
    assert ran.json["events"] == len(EVENTS)
    assert ran.json["differences"] == 0


def test_a_difference_is_printed_and_gives_exit_code_3(acme: Run, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "data" / "accounts" / "acme.duckdb") as connection:
        connection.execute("UPDATE session_usage SET session_count = session_count + 1")
    ran = acme("verify --account acme")
    assert ran.code == 3
    assert "session_usage" in ran.out
    assert "difference" in ran.err


def test_a_backup_comes_back_with_the_same_report(acme: Run, tmp_path: Path) -> None:
    period = "--from 2026-03-01 --to 2026-04-30 --format json"
    before = acme(f"report --account acme {period}").json
    assert acme("backup acme.botmeter --account acme").code == 0
    assert acme("restore acme.botmeter --account other").code == 0
    assert {**acme(f"report --account other {period}").json, "account": "acme"} == before


def test_an_existing_account_is_not_replaced_without_the_option(acme: Run) -> None:
    acme("backup acme.botmeter --account acme")
    assert acme("restore acme.botmeter").code == 1
    ran = acme("restore acme.botmeter --replace")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert acme("restore acme.botmeter --replace --yes").code == 0


def test_a_customer_is_not_erased_without_a_terminal_to_confirm_on(acme: Run) -> None:
    ran = acme("erase cus_8401 --account acme")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert acme("verify --account acme").code == 0


@pytest.mark.slow
def test_an_erased_customer_has_no_ids_left_and_counts_stay(acme: Run) -> None:
    period = "--from 2026-03-01 --to 2026-04-30 --format json"
    before = acme(f"report --account acme {period}").json["sessions_consumed"]
    assert acme("erase cus_8401 --account acme --yes").code == 0
    assert acme(f"report --account acme {period}").json["sessions_consumed"] == before
    assert "cus_8401" not in acme(f"sessions --account acme {period}").out
    assert acme("erase cus_8401 --account acme --yes").code == 1


def test_doctor_reports_a_corrupt_account_among_others(acme: Run, tmp_path: Path) -> None:
    assert acme("doctor").code == 0
    (tmp_path / "data" / "accounts" / "broken.duckdb").write_bytes(b"noise" * 5_000)
    ran = acme("doctor --format json")
    assert ran.code == 1
    states = {check["check"]: check["state"] for check in ran.json}
    assert states["account broken"] == "wrong"
    assert states["account acme"] == "ok"


def test_a_corrupt_ledger_is_reported(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "accounts" / "broken.duckdb").write_bytes(b"noise" * 5_000)
    ran = acme("report --account broken")
    assert ran.code == 1
    assert "broken" in ran.err
    assert "backup" in ran.err
    assert "reference" not in ran.err


def test_a_ledger_of_a_newer_version_is_refused(acme: Run, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "data" / "accounts" / "acme.duckdb") as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    for command in ("import events.ndjson", "report", "verify"):
        ran = acme(f"{command} --account acme")
        assert ran.code == 1
        assert "999" in ran.err


def test_a_read_only_ledger_can_be_read_and_not_written(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "accounts" / "acme.duckdb").chmod(0o444)
    assert acme("report --account acme").code == 0
    ran = acme("import events.ndjson --account acme")
    assert ran.code == 1
    assert "read-only" in ran.err


def test_a_session_is_explained_as_text_and_as_json(acme: Run) -> None:
    ran = acme(f"explain {FIRST_SESSION} --account acme")
    assert ran.code == 0
    assert "cus_8401" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert FIRST_SESSION in json.dumps(acme(f"explain {FIRST_SESSION} --account acme --format json").json)


@pytest.mark.parametrize("name", ["0b2ff0e4-6c1c-8f6a-9d42-1f2f63a7c1d5", "no-session", "'; DROP TABLE event"])
def test_an_unknown_session_is_refused(acme: Run, name: str) -> None:
    ran = acme("explain --account acme", name)
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert "reference" not in ran.err


def test_a_late_event_is_listed_as_a_restatement(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "late.ndjson").write_text(ndjson([event("late-1", "2026-03-29T23:00:00Z")]))
    acme("import late.ndjson --account acme")
    listed = acme("restatements --account acme --format json").json
    assert {each["day"] for each in listed} >= {"2026-03-29"}
    assert listed[0]["because"] == ["late-1"]
    assert "2026-03-29" in acme("restatements --account acme").out


def test_an_account_shows_its_start_date_and_policies(run: Run) -> None:
    assert run("account create ACME --available-from 2019-01-01 --policy my-rule.toml").code == 0
    account = run("account show acme --format json").json
    assert account == {
        "account": "acme", "title": "acme", "available_from": "2019-01-01",
        "policies": [{"policy": "my-rule@1", "from": None}],
    }  # fmt: skip
    assert run("account list --format json").json == [{"account": "acme", "title": "acme"}]
    assert run("account create acme").code == 1
    assert run("account create a/b").code == 2
    assert run("account create other --available-from soon").code == 2


def test_a_mistyped_data_folder_is_not_created(run: Run, tmp_path: Path) -> None:
    ran = run("report --account acme --data nowhere")
    assert ran.code == 1
    assert "nowhere" in ran.err
    assert not (tmp_path / "nowhere").exists()
    assert run("account list --data nowhere --format json").json == []


def test_an_invalid_policy_is_refused_with_its_reason(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text('max_durations = "24h"\n')
    ran = run("policy check wrong.toml")
    assert ran.code == 1
    assert "max_duration" in ran.err
    assert run("policy check my-rule.toml").code == 0


def test_a_printed_policy_can_be_read_again(run: Run, tmp_path: Path) -> None:
    for form in ("toml", "json"):
        text = run(f"policy show kommunicate.mau --format {form}").out
        (tmp_path / f"again.{form}").write_text(text)
        assert (
            run(f"policy show again.{form} --format json").out == run("policy show kommunicate.mau --format json").out
        )


def test_a_policy_for_the_past_needs_the_option_remeter(acme: Run) -> None:
    ran = acme("policy set my-rule.toml --account acme --from 2026-03-01")
    assert ran.code == 2
    assert "--remeter" in ran.err
    assert acme("policy set my-rule.toml --account acme --from 2026-03-01 --remeter").code == 0
    assert "the policy was changed" in acme("restatements --account acme").out


@pytest.mark.slow
def test_quarantined_events_can_be_corrected_and_imported(acme: Run, tmp_path: Path) -> None:
    bad = [event("q-1", "2026-03-30T22:00:00"), event("q-2", "2021-03-30T22:00:00Z")]
    (tmp_path / "bad.ndjson").write_text(ndjson(bad))
    acme("import bad.ndjson --account acme")
    listed = acme("quarantine list --account acme --format json").json
    assert (listed[0]["event_id"], listed[0]["code"]) == ("q-1", "time_without_offset")
    assert acme("quarantine list --account acme --limit 1").err.startswith("showing the first 1")
    assert len(acme("quarantine list --account acme --code time_without_offset --format csv").rows) == 1
    acme("quarantine export --account acme --raw -o mended.ndjson")
    mended = (tmp_path / "mended.ndjson").read_text().replace('22:00:00"', '22:00:00Z"')
    (tmp_path / "mended.ndjson").write_text(mended)
    assert acme("import mended.ndjson --account acme --format json").json["accepted"] == 1


def test_a_retry_accepts_events_that_are_valid_now(acme: Run, tmp_path: Path) -> None:
    pytest.importorskip("botmeter.sources.requeue", reason="retry is not there yet")
    (tmp_path / "bad.ndjson").write_text(ndjson([event("q-1", "2026-03-30T22:00:00")]))
    acme("import bad.ndjson --account acme")
    ran = acme("quarantine retry --account acme --format json")
    assert ran.code == 0
    assert ran.json["accepted"] == 0


def test_a_simulation_lists_each_policy_and_the_reasons_for_its_difference(acme: Run) -> None:
    period = "--from 2026-03-01 --to 2026-04-30"
    page = acme(f"simulate --account acme --policy my-rule.toml {period}")
    assert page.code == 0
    assert "my-rule@1 against freshchat.session@1" in page.out
    assert max(map(len, page.out.splitlines())) <= 80
    totals = {
        row["policy"]: row["sessions"]
        for row in acme(f"simulate --account acme --policy my-rule.toml {period} --format csv").rows
        if row["section"] == "total"
    }
    report = acme(f"report --account acme {period} --format json").json
    assert totals["freshchat.session@1"] == str(report["sessions_consumed"])
