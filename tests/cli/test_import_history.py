"""Imports after the fact: listed, tried without importing, undone, and recorded in the audit log."""

import json
from pathlib import Path
from typing import Any

import pytest

from botmeter.people.pending_audit import FOLDER
from cli.command_line import EVENTS, event, ndjson
from cli.conftest import Run

BOTH_WAYS = True
BAD = event("m-1", "2026-03-30")


def audit_entries(data: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in sorted((data / FOLDER).glob("*.json"))]


def figures(run: Run) -> str:
    return run("report --account acme --from 2026-03-01 --to 2026-04-30 --format json").out


@pytest.mark.slow
def test_an_imported_file_is_listed_and_can_be_undone(acme: Run, tmp_path: Path) -> None:
    before = figures(acme)
    later = [event("late", "2026-03-29T10:00:00Z", customer_id="c9"), BAD]
    (tmp_path / "late.ndjson").write_text(ndjson(later))
    assert acme("import late.ndjson --account acme").code == 0
    newest, first = acme("imports list --account acme --format json").json
    assert (newest["number"], newest["file_name"], newest["imported_by"]) == (2, "late.ndjson", "command line")
    assert (newest["accepted"], newest["rejected"], newest["undone_at"]) == (1, 1, None)
    assert newest["size_bytes"] == (tmp_path / "late.ndjson").stat().st_size
    assert (first["number"], first["file_name"], first["accepted"]) == (1, "events.ndjson", len(EVENTS))
    assert acme("imports list -a acme --limit 1").err == "showing the last 1; use --limit for more\n"
    tried = acme("imports undo 2 --account acme --dry-run --format json").json
    assert figures(acme) != before
    ran = acme('imports undo 2 --account acme --reason "the wrong month" --yes --format json')
    assert ran.json == tried
    assert (ran.json["events"], ran.json["sessions_added"], ran.json["restated_days"]) == (1, -1, 1)
    assert figures(acme) == before
    assert acme("imports list --account acme --format json").json[0]["undone_for"] == "the wrong month"
    assert acme("quarantine list --account acme --format json").json == []
    [discarded] = acme("quarantine list --account acme --discarded --format json").json
    assert discarded["discarded_for"] == "import 2 undone: the wrong month"
    assert acme("verify --account acme").code == 0


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("imports undo 1 -a acme --yes", 2, "Give a reason"),
        ("imports undo 1 -a acme --reason x", 2, "There is no terminal to confirm on. Add --yes to confirm."),
        ("imports undo 7 -a acme --reason x --yes", 1, "Account acme has no import 7."),
        ("quarantine discard -a acme --reason x", 2, "Give either numbers, or at least one of --code"),
        ("quarantine discard 1 -a acme --code x --reason x", 2, "Give either numbers"),
        ("quarantine discard 1 -a acme", 2, "Give a reason"),
    ],
)
def test_what_lacks_a_reason_or_a_confirmation_is_refused(acme: Run, command: str, code: int, sentence: str) -> None:
    ran = acme(command)
    assert (ran.code, sentence in ran.err) == (code, True), ran.err


@pytest.mark.slow
def test_a_dry_run_says_what_an_import_would_do_and_imports_nothing(acme: Run, tmp_path: Path) -> None:
    before = figures(acme)
    (tmp_path / "late.ndjson").write_text(
        ndjson([*EVENTS, event("late", "2026-03-29T10:00:00Z", customer_id="c9"), BAD])
    )
    tried = acme("import late.ndjson --account acme --dry-run --format json")
    assert (tried.code, figures(acme)) == (0, before)
    assert acme("imports list --account acme --format json").json[0]["number"] == 1
    assert acme("quarantine list --account acme --format json").json == []
    done = acme("import late.ndjson --account acme --format json").json
    effect = {"sessions_added": 1, "days": 1, "restated_days": 1}
    assert tried.json == done | effect
    again = acme("import late.ndjson --account acme --dry-run")
    assert "nothing was imported; effect of the import: no change of sessions\n" in again.err
    assert "in quarantine" not in again.err


@pytest.mark.slow
def test_a_strict_import_exits_with_3_if_anything_was_rejected(acme: Run, tmp_path: Path) -> None:
    for name, events in (("bad", [BAD]), ("other", [event("m-1001", "2026-03-30T22:00:00Z", channel="sms")])):
        (tmp_path / f"{name}.ndjson").write_text(ndjson(events))
        assert acme(f"import {name}.ndjson --account acme").code == 0
        assert acme(f"import {name}.ndjson --account acme --strict").code == 3
        assert acme(f"import {name}.ndjson --account acme --strict --dry-run").code == 3
    assert acme("import events.ndjson --account acme --strict").code == 0


@pytest.mark.slow
def test_quarantined_events_are_grouped_discarded_and_brought_back(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text(ndjson([BAD, event("m-2", "2026-03-30"), {**BAD, "customer_id": ""}]))
    acme("import bad.ndjson --account acme")
    groups = acme("quarantine groups --account acme --format json").json
    assert sum(group["entry_count"] for group in groups) == 3
    assert acme("quarantine list --account acme --search M-2 --format csv").rows[0]["event_id"] == "m-2"
    assert len(acme("quarantine export --account acme --search m-2 --raw").out.splitlines()) == 1
    assert acme('quarantine discard -a acme --search m-2 --reason "test"').err == "1 event discarded\n"
    assert len(acme("quarantine list --account acme --format json").json) == 2
    [discarded] = acme("quarantine list --account acme --discarded --format json").json
    assert (discarded["event_id"], discarded["discarded_by"], discarded["discarded_for"]) == (
        "m-2",
        "command line",
        "test",
    )
    assert acme(f"quarantine restore {discarded['number']} --account acme").err == "1 event restored to quarantine\n"
    assert len(acme("quarantine list --account acme --format json").json) == 3


@pytest.mark.slow
def test_commands_that_change_events_leave_an_audit_entry(acme: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for entry in (data / FOLDER).glob("*"):
        entry.unlink()
    (tmp_path / "bad.ndjson").write_text(ndjson([BAD]))
    acme("import bad.ndjson day-1.csv --account acme")
    acme("import bad.ndjson --account acme --dry-run")
    acme("quarantine discard 1 --account acme --reason test")
    acme("quarantine discard 1 --account acme --reason test")
    acme("quarantine restore 1 --account acme")
    acme("imports undo 2 --account acme --reason twice --yes")
    acme("imports undo 2 --account acme --reason twice --yes")
    entries = audit_entries(data)
    assert [entry["action"] for entry in entries] == [
        "imported",
        "imported",
        "quarantine_discarded",
        "quarantine_restored",
        "import_undone",
    ]
    assert {(entry["account"], entry["who"]) for entry in entries} == {("acme", "command line")}
    counts = {"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": 1}
    imported = {"import": 2, "file": "bad.ndjson", "source": "default", **counts}
    assert entries[0]["detail"] == imported
    assert entries[-1]["detail"] == {**imported, "reason": "twice", "events": 0, "restated_days": 0}
