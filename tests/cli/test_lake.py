"""`lake`: files metered into a lake."""

from pathlib import Path

import pytest

from cli.conftest import Run

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


def test_what_is_no_lake_is_refused(run: Run, tmp_path: Path) -> None:
    missing = run("lake show --lake nowhere")
    assert f"There is no lake at {tmp_path / 'nowhere'}." in missing.err
    assert "is not the address of a lake" in run("lake show --lake ftp://a/b").err
    assert "not standard input" in run("lake run - --lake lake --account acme").err
