"""`import`: receipts, running it again, what is refused, and files that are none."""

import gzip
import io
from pathlib import Path

import pytest

from cli.command_line import EVENTS, event, ndjson
from cli.conftest import Run

BOTH_WAYS = True


@pytest.fixture
def empty(run: Run) -> Run:
    assert run("account create acme").code == 0
    return run


def test_a_receipt_has_the_documented_fields(empty: Run) -> None:
    ran = empty("import events.ndjson --account acme --format json")
    assert ran.code == 0
    assert ran.json == {"accepted": len(EVENTS), "duplicates": 0, "conflicts": 0, "rejected": 0, "rejections": []}


@pytest.mark.slow
def test_an_import_run_again_changes_nothing(empty: Run) -> None:
    empty("import events.ndjson --account acme")
    before = empty("report --account acme --from 2026-03-01 --to 2026-04-30 --format json")
    again = empty("import events.ndjson --account acme --format json")
    assert again.json["duplicates"] == len(EVENTS)
    assert again.json["accepted"] == 0
    assert empty("report --account acme --from 2026-03-01 --to 2026-04-30 --format json").out == before.out


def test_several_files_give_a_receipt_each_and_the_sum(empty: Run) -> None:
    ran = empty("import day-1.csv day-2.csv.gz --account acme --format json")
    assert ran.json["accepted"] == 6
    assert [(each["file"], each["accepted"]) for each in ran.json["files"]] == [("day-1.csv", 3), ("day-2.csv.gz", 3)]
    table = empty("import day-1.csv day-2.csv.gz --account acme").out
    assert "all files" in table


def test_one_unreadable_file_of_several_stops_the_import(empty: Run) -> None:
    ran = empty("import events.ndjson missing.csv --account acme")
    assert ran.code == 1
    assert "missing.csv" in ran.err
    assert empty("import events.ndjson --account acme --format json").json["accepted"] == len(EVENTS)


def test_rejected_events_are_reported_and_valid_ones_accepted(empty: Run, tmp_path: Path) -> None:
    bad = [event("x-1", "2026-03-30T22:00:00"), event("x-2", "2026-03-30T22:00:00Z", actor="robot")]
    (tmp_path / "mixed.ndjson").write_text(ndjson([*EVENTS, *bad]))
    ran = empty("import mixed.ndjson --account acme --format json")
    assert ran.code == 0
    assert ran.json["accepted"] == len(EVENTS)
    assert [each["event_id"] for each in ran.json["rejections"]] == ["x-1", "x-2"]
    assert set(ran.json["rejections"][0]) == {"index", "event_id", "code", "detail"}
    assert "botmeter quarantine list --account acme" in ran.err


def test_events_come_from_standard_input(empty: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "events.ndjson").read_bytes())))
    assert empty("import - --account acme --format json").json["accepted"] == len(EVENTS)


def test_standard_input_can_be_read_only_once(empty: Run) -> None:
    ran = empty("import - - --account acme")
    assert ran.code == 2
    assert "only once" in ran.err


@pytest.mark.slow
def test_the_source_is_part_of_an_event_s_identity(empty: Run) -> None:
    empty("import events.ndjson --account acme")
    assert empty("import events.ndjson --account acme --source crm --format json").json["accepted"] == len(EVENTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.ndjson", b""),
        ("noise.bin", bytes(range(256)) * 64),
        ("cut.ndjson.gz", gzip.compress(ndjson(EVENTS * 2_000).encode())[:-400]),
        ("no.parquet", b"PAR1 and nothing else"),
        ("half.csv", b"event_id,occurred_at\n1,2026-03-30T22:00:00Z\n"),
    ],
)
def test_a_file_without_events_is_refused_with_one_message(
    empty: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    ran = empty(f"import {name} --account acme --format json")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert name in ran.err
    assert "Traceback" not in ran.err
    assert "reference" not in ran.err


def test_a_folder_and_a_missing_file_are_refused_with_one_message(empty: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder", "missing.ndjson"):
        ran = empty(f"import {name} --account acme")
        assert ran.code == 1
        assert ran.err.startswith("error: ")
        assert name in ran.err


def test_control_characters_in_names_are_replaced(empty: Run, tmp_path: Path) -> None:
    evil = event("\x1b[2J", "no time", bot_name="\u202eevil")
    (tmp_path / "evil.ndjson").write_text(ndjson([evil, *EVENTS]))
    ran = empty("import evil.ndjson --account acme")
    assert "\x1b" not in ran.out + ran.err
    assert "\x1b" not in empty("quarantine list --account acme").out
