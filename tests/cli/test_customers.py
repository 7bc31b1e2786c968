"""Customers merged by command: what it says, from where it reads, when it refuses."""

import pytest

from cli.conftest import Run


@pytest.mark.slow
def test_a_merge_prints_its_changes_and_the_report_counts_it(acme: Run) -> None:
    period = "--from 2026-03-01 --to 2026-04-30 --format json"
    before = acme(f"report -a acme {period}").json["sessions_consumed"]
    preview = acme("customer merge cus_8401 cus_8402 -a acme --preview --format json")
    assert "1 alias would be merged" in preview.err
    assert acme(f"report -a acme {period}").json["sessions_consumed"] == before
    merged = acme("customer merge cus_8401 cus_8402 -a acme --format json")
    assert merged.json == preview.json
    [row] = merged.json
    assert (row["change"], row["aliases"], row["sessions_before"] - row["sessions_after"]) == (1, 1, 1)
    assert acme(f"report -a acme {period}").json["sessions_consumed"] == before - 1
    assert "customers merged, change 1" in acme("restatements -a acme").out
    assert "nothing changed" in acme("customer merge cus_8401 cus_8402 -a acme").err


@pytest.mark.slow
def test_a_file_is_merged_and_unmerged_by_its_number(acme: Run) -> None:
    assert "2 aliases merged" in acme("customer merge same.csv -a acme").err
    listed = acme("customer aliases -a acme --format json").json
    assert [(one["alias"], one["customer_id"], one["set_by"]) for one in listed] == [
        ("cus_8402", "cus_8401", "command line"),
        ("wa-8401", "cus_8401", "command line"),
    ]
    assert "2 aliases unmerged" in acme("customer unmerge --merge 1 -a acme").err
    assert "cus_8402" not in acme("customer aliases -a acme").out
    undone = acme("customer aliases -a acme --format json").json
    assert {one["undone_by_change"] for one in undone} == {2}


def test_too_few_or_too_many_ids_are_refused(acme: Run) -> None:
    missing = acme("customer merge cus_8401 -a acme")
    assert (missing.code, "at least one alias" in missing.err) == (1, True)
    neither, both = acme("customer unmerge -a acme"), acme("customer unmerge x --merge 1 -a acme")
    assert neither.code == both.code == 2
    assert "not both" in neither.err
