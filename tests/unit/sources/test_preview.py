"""First records of a file, as events or with their rejection."""

from pathlib import Path

from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.preview import ROWS, preview
from botmeter.sources.reader import SourceFile

HEADER = "event_id,occurred_at,conversation_id,customer_id,actor"


def test_a_long_file_is_read_at_its_start_alone(tmp_path: Path) -> None:
    rows = [f"m-{number},2026-03-10T10:00:00+01,v,c,customer" for number in range(5_000)]
    # One with too few cells, and one without a time.
    rows[3], rows[5] = "m-3,x", "m-5,,v,c,customer"
    rows[3_000] = "m-3000"
    path = tmp_path / "events.csv"
    path.write_text("\n".join([HEADER, *rows]))
    found = preview(SourceFile(path=str(path)))
    assert [row.position for row in found.rows] == list(range(ROWS))
    assert [row.position for row in found.rows if row.rejection] == [3, 5]
    first = found.rows[0]
    assert first.event is not None
    assert (first.sent_at, first.event["occurred_at"]) == ("2026-03-10T10:00:00+01", 1_773_133_200_000_000)


def test_the_time_stands_beside_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "chats.json"
    path.write_text('{"chats": [{"id": "v", "messages": [{"n": 1, "ts": 1773136800, "who": "customer"}]}]}')
    mapping = mapping_from_document(
        {
            "rows": "/chats/*/messages/*",
            "event_id": {"column": "n"},
            "occurred_at": {"column": "ts", "format": "epoch_s"},
            "conversation_id": {"outer": "/chats/*/id"},
            "customer_id": {"outer": "/chats/*/id"},
            "actor": {"column": "who"},
        }
    )
    [row] = preview(SourceFile(path=str(path), mapping=mapping)).rows
    assert row.sent_at == "1773136800"
    assert row.event is not None
    assert row.event["conversation_id"] == "v"
