"""Ready-made mappings: small exports of each kind → their sessions."""

import json
from pathlib import Path
from typing import Any

import pytest

from botmeter.metering.preset import preset
from botmeter.metering.stateless import metered_files
from botmeter.sources.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.ready_made import ready_made_mapping, ready_made_mappings

Session = tuple[str, str, int]


def lines(*objects: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def dialogflow_turn(turn: int, at: str, *, session: str, query: dict[str, Any]) -> dict[str, Any]:
    request = {"session": session, "queryInput": query, "queryParams": {"channel": "web"}}
    return {
        "project_id": "p-1",
        "agent_id": "a-1",
        "conversation_name": session,
        "turn_position": turn,
        "request_time": at,
        "language_code": "en",
        "request": json.dumps(request),
        "response": json.dumps({"responseId": f"{session}-{turn}", "queryResult": {}}),
    }


# Each export with its sessions: customer, start and number of events.
EXPORTS: dict[str, tuple[str, list[Session]]] = {
    "dialogflow-cx": (
        lines(
            dialogflow_turn(
                1, "2026-03-01T10:00:00Z", session="s-1", query={"event": {"event": "WELCOME"}, "languageCode": "en"}
            ),
            dialogflow_turn(
                2, "2026-03-01T10:00:05.25Z", session="s-1", query={"text": {"text": "hi"}, "languageCode": "en"}
            ),
            dialogflow_turn(
                3, "2026-03-01T10:00:06Z", session="s-1", query={"text": {"text": "bye"}, "languageCode": "en"}
            ),
            dialogflow_turn(
                1, "2026-03-01T11:00:00Z", session="s-2", query={"dtmf": {"digits": "7"}, "languageCode": "en"}
            ),
        ),
        [("s-1", "2026-03-01T10:00:05.250000Z", 2), ("s-2", "2026-03-01T11:00:00.000000Z", 1)],
    ),
}


def test_each_ready_made_mapping_has_an_example() -> None:
    assert [mapping.name for mapping in ready_made_mappings()] == sorted(EXPORTS)


@pytest.mark.parametrize("name", EXPORTS)
def test_the_sessions_of_an_export_are_right(tmp_path: Path, name: str) -> None:
    content, sessions = EXPORTS[name]
    path = tmp_path / "export"
    path.write_text(content)
    mapping = mapping_from_document(ready_made_mapping(name).document)
    policy = preset("freshchat.session").policy
    metered = metered_files([batches(SourceFile(path=str(path), mapping=mapping))], policy=policy, source="export")
    rows = metered.sessions.select(["customer_id", "started_at", "events"]).to_pylist()
    found = [(row["customer_id"], f"{row['started_at']:%Y-%m-%dT%H:%M:%S.%fZ}", row["events"]) for row in rows]
    assert found == sessions
    assert [metered.counts[name] for name in ("rejected", "duplicates", "conflicts")] == [0, 0, 0]
