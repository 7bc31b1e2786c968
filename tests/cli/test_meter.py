"""`meter`: files to sessions without an account, with the same numbers and ids as the ledger gives."""

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from cli.command_line import EVENTS, FIRST_SESSION, event, ndjson
from cli.conftest import Run

COLUMNS = [
    "session_id", "customer_id", "started_at", "ended_at", "last_event_at",
    "opening_event_id", "opening_bot_id", "opening_channel", "events", "closed_by",
]  # fmt: skip


def test_the_counts_are_on_stdout(run: Run) -> None:
    counts = run("meter events.ndjson --policy freshchat.session --format json").json
    assert counts == {
        "policy": "freshchat.session@1",
        "events": 6, "sessions": 3, "previews": 1, "customers": 2, "conversations": 3,
        "duplicates": 0, "conflicts": 0, "rejected": 0,
    }  # fmt: skip


def test_the_output_has_a_row_per_session_with_the_documented_columns(run: Run, tmp_path: Path) -> None:
    run("meter events.ndjson --policy freshchat.session -o sessions.csv")
    with (tmp_path / "sessions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert rows[0]["session_id"] == FIRST_SESSION
    assert rows[0]["started_at"] == "2026-03-30T22:00:00Z"
    assert rows[0]["ended_at"] == "2026-03-31T22:00:00Z"
    assert rows[0]["closed_by"] == "duration"
    assert [row["customer_id"] for row in rows] == ["cus_8401", "cus_8402", "cus_8401"]


def test_the_ids_are_those_of_an_account(acme: Run, tmp_path: Path) -> None:
    acme("meter events.ndjson --policy freshchat.session -o sessions.ndjson")
    metered = {json.loads(line)["session_id"] for line in (tmp_path / "sessions.ndjson").read_text().splitlines()}
    rows = acme("sessions --account acme --from 2026-03-01 --to 2026-04-30 --format json").json
    assert metered == {row["session_id"] for row in rows}


def test_the_parts_of_the_scope_are_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scoped.toml").write_text('scope = ["conversation", "channel", "bot"]\n')
    run("meter events.ndjson --policy scoped.toml -o sessions.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "sessions.parquet")
    assert table.column_names == ["session_id", "conversation_id", "channel", "bot_id", *COLUMNS[1:]]


def test_the_first_of_a_repeated_event_counts(run: Run, tmp_path: Path) -> None:
    other = event("m-1001", "2026-03-01T00:00:00Z")
    (tmp_path / "again.ndjson").write_text(
        ndjson([*EVENTS, EVENTS[0], EVENTS[3], other, {**EVENTS[4], "ticket_id": None}])
    )
    counts = run("meter again.ndjson events.ndjson --policy freshchat.session --format json").json
    assert (counts["events"], counts["duplicates"], counts["conflicts"]) == (6, 8, 2)
    assert counts["sessions"] == 3


def test_unreadable_events_are_counted_and_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.ndjson").write_text(ndjson(EVENTS) + "{broken\n")
    ran = run("meter broken.ndjson --policy freshchat.session --format json")
    assert ran.code == 0
    assert ran.json["rejected"] == 1
    assert "event 7" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("events.ndjson --policy nobody.rule", 1, "nobody.rule"),
        ("events.ndjson --policy missing.toml", 1, "missing.toml"),
        ("events.ndjson --policy events.csv", 1, "TOML"),
        ("events.ndjson --policy freshchat.session -o sessions.docx", 2, "sessions.docx"),
        ("missing.ndjson --policy freshchat.session", 1, "missing.ndjson"),
        ("--policy freshchat.session", 2, "FILE"),
        ("events.ndjson", 2, "--policy"),
    ],
)
def test_files_that_can_not_be_metered_are_refused(run: Run, arguments: str, code: int, message: str) -> None:
    ran = run(f"meter {arguments}")
    assert ran.code == code
    assert message in ran.err
    assert "reference" not in ran.err


def test_a_file_without_sessions_is_written_with_its_header(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bots.ndjson").write_text(ndjson([EVENTS[1]]))
    assert run("meter bots.ndjson --policy freshchat.session -o sessions.csv --format json").json["sessions"] == 0
    assert (tmp_path / "sessions.csv").read_text().split() == [",".join(COLUMNS)]
