"""`lake`: files metered into a lake."""

import os
import subprocess
import sys
from pathlib import Path
from re import sub

import pytest

from cli.command_line import FIRST_SESSION
from cli.conftest import Run
from cli.test_statements import PLAN

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow


def test_a_run_creates_the_lake_and_a_repeated_one_reads_nothing(run: Run) -> None:
    once = run("lake run events.ndjson --lake lake --account acme --format json").json
    assert (once["accepted"], once["record"], once["run"]) == (6, 2, 1)
    again = run("lake run events.ndjson --lake lake --account acme --format json").json
    assert (again["accepted"], again["record"]) == (0, 2)
    assert len(again["files_read_before"]) == 1
    shown = run("lake show --lake lake --format json").json
    assert (shown["account"], shown["events"], shown["record"]) == ("acme", 6, 2)
    assert [policy["policy"] for policy in shown["policies"]] == ["freshchat.session@1"]


def test_a_lake_of_another_account_or_policy_is_refused(run: Run) -> None:
    """The codes are lake_account_differs and lake_policy_differs."""
    run("lake run events.ndjson --lake lake --account acme")
    other = run("lake run events.ndjson --lake lake --account other")
    assert (other.code, "of account acme" in other.err) == (1, True)
    policy = run("lake run events.ndjson --lake lake --account acme --policy kommunicate.mau")
    assert (policy.code, "freshchat.session@1" in policy.err) == (1, True)


def test_a_process_of_a_run_prints_everything_and_leaves_no_temporary_file(run: Run, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ended = [
        subprocess.run(
            [sys.executable, "-m", "botmeter", *f"lake run events.ndjson --lake lake -a {account}".split()],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        for account in ("acme", "other")
    ]
    assert [each.returncode for each in ended] == [0, 1]
    assert ended[0].stdout.splitlines()[-1].split()[1:] == ["6", "0", "0", "0"]
    assert ended[0].stderr.splitlines()[-1] == "stage: commit"
    assert "of account acme" in ended[1].stderr
    assert not list(temporary.iterdir())


def test_what_is_no_lake_is_refused(run: Run, tmp_path: Path) -> None:
    missing = run("lake show --lake nowhere")
    assert f"There is no lake at {tmp_path / 'nowhere'}." in missing.err
    assert "is not the address of a lake" in run("lake show --lake ftp://a/b").err
    assert "not standard input" in run("lake run - --lake lake --account acme").err


def test_an_account_in_a_lake_is_reported_billed_and_verified_as_one_in_a_ledger(run: Run) -> None:
    Path("simple.toml").write_text(PLAN, encoding="utf-8")
    assert run("account create acme --lake lake").code == 0
    run("lake run events.ndjson --lake lake --account acme")
    run("account create beside")
    run("import events.ndjson --account beside")
    for command in (
        "report -a {} --from 2026-03-01 --to 2026-03-31 --format json",
        "sessions -a {} --from 2026-03-01 --to 2026-03-31 --format csv",
        f"explain {FIRST_SESSION} -a {{}} --format json",
        "verify -a {} --format json",
        "plan set simple.toml -a {} --from 2026-03-01",
        "statement close -a {} --through 2026-03-31 --format json",
        "statement show 1 -a {} --format csv",
        "statement verify -a {} --format json",
    ):
        acme, beside = run(command.format("acme")), run(command.format("beside"))
        assert acme.code == beside.code == 0, command
        assert alike(acme.out) == alike(beside.out), command
    refused = run("import events.ndjson --account acme")
    assert (refused.code, "is in the lake at" in refused.err) == (1, True)
    assert "is of account acme" in run("account create other --lake lake").err


def test_a_lake_is_verified_and_cleaned_up(run: Run) -> None:
    run("lake run events.ndjson --lake lake --account acme")
    verified = run("lake verify --lake lake --format json")
    assert (verified.code, verified.json["events"], verified.json["differences"]) == (0, 6, 0)
    assert run("lake vacuum --lake lake --format json").json == {
        "records_dropped": 0,
        "files_deleted": 0,
        "record": 3,
    }
    early = run("lake vacuum --lake lake --older-than 23")
    assert (early.code, "24 hours at least" in early.err) == (1, True)
    next(Path("lake/event").glob("*.parquet")).unlink()
    lost = run("lake verify --lake lake")
    assert (lost.code, "It is missing." in lost.out, "1 damaged or missing" in lost.err) == (3, True, True)


def alike(text: str) -> str:
    """Without names, hashes, and times of recording."""
    return sub(r"(?i)acme|beside|\b[0-9a-f]{64}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z|\d\d:\d\d:\d\d\.\d{6}", "", text)


def test_changes_of_an_account_in_a_lake_wait_for_the_next_run_and_an_erasure_does_not(run: Run) -> None:
    run("account create acme --lake lake")
    run("lake run events.ndjson --lake lake --account acme")
    merged = run("customer merge cus_8401 cus_8402 --account acme")
    assert (merged.code, "the next `botmeter lake run` applies this" in merged.err) == (0, True)
    assert "would remove 6 events" in run("imports undo 1 --account acme --dry-run").err
    run("lake run webhooks.ndjson --lake lake --account acme --source chatwoot")
    aliases = run("customer aliases --account acme --format json").json
    assert [(each["alias"], each["customer_id"]) for each in aliases] == [("cus_8402", "cus_8401")]
    undone = run("imports undo 1 --account acme --reason test --yes")
    assert (undone.code, "the next `botmeter lake run` undoes import 1" in undone.err) == (0, True)
    again = run("lake run events.ndjson --lake lake --account acme --format json").json
    assert (again["accepted"], again["duplicates"]) == (6, 0)
    erased = run("erase cus_8402 --account acme --yes --format json").json
    assert (erased["alias_count"], erased["event_count"]) == (1, 6)
    assert run("lake verify --lake lake").code == 0
    assert run("erase cus_8402 --account acme --yes").code == 1
