"""`mapping`: suggested and ready-made mappings, and files read with them."""

import json
import tomllib
from pathlib import Path

import pytest

from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.mapping.ready_made import ready_made_mappings
from cli.conftest import Run

CHATS = (
    "nr,thread,phone,who,sent\n"
    "1,t-1,+91 98,visitor,2026-03-30T22:00:00Z\n"
    "2,t-1,+91 98,assistant,2026-03-30T22:00:01Z\n"
    "3,t-2,+91 97,visitor,2026-03-31T09:00:00Z\n"
)


def test_a_suggested_mapping_imports_the_file(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "helpdesk.csv").write_text(CHATS)
    suggested = acme("mapping suggest helpdesk.csv")
    assert suggested.out.startswith("# Mapping suggested for helpdesk.csv from all 3 rows.")
    (tmp_path / "helpdesk.toml").write_text(suggested.out)
    receipt = acme("import helpdesk.csv --account acme --source helpdesk --mapping helpdesk.toml --format json").json
    assert (receipt["accepted"], receipt["rejected"]) == (3, 0)


def test_a_file_without_times_gives_a_mapping_to_complete(run: Run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name,colour\nann,red\nbob,blue\n")
    suggested = run("mapping suggest people.csv")
    assert "occurred_at" not in tomllib.loads(suggested.out)
    assert "the mapping is not complete: occurred_at, conversation_id, customer_id" in suggested.err


def test_a_missing_column_names_the_ways_to_a_mapping(run: Run, tmp_path: Path) -> None:
    (tmp_path / "helpdesk.csv").write_text(CHATS)
    failed = run("meter helpdesk.csv --policy freshchat.session")
    assert "--mapping" in failed.err
    assert "botmeter mapping suggest" in failed.err


@pytest.mark.parametrize("command", ["meter export.ndjson --policy freshchat.session", "import export.ndjson -a acme"])
def test_foreign_records_name_the_ways_to_a_mapping(acme: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "export.ndjson").write_text('{"id": 1, "text": "hi"}\n{"id": 2, "text": "bye"}\n')
    assert "No record has the fields of an event. Name their columns with --mapping" in acme(command).err


def test_each_ready_made_mapping_is_listed_with_its_source_and_shown_as_a_file(run: Run) -> None:
    listed = run("mapping list --format json").json
    assert [row["mapping"] for row in listed] == [mapping.name for mapping in ready_made_mappings()]
    assert all(row["source"].startswith("https://") for row in listed)
    for row in listed:
        shown = run(f"mapping show {row['mapping']}").out
        assert row["source"] in shown
        document = tomllib.loads(shown)
        assert mapping_from_document(document) == mapping_from_document(json.loads(json.dumps(document)))


@pytest.mark.parametrize(
    "command", ["mapping show dialogflow-c", "meter x.json --policy freshchat.session --mapping dialogflow-c"]
)
def test_an_unknown_mapping_names_the_nearest(run: Run, command: str) -> None:
    failed = run(command)
    assert failed.code == 1
    assert "Did you mean dialogflow-cx" in failed.err
