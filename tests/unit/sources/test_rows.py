"""Records in arrays inside of documents: `rows` and `outer` of a mapping, and wrappers around events."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Outcome, Read, event, ndjson

from botmeter.domain.errors import Refused, TooMuch
from botmeter.sources import json_files
from botmeter.sources.json_text import elements
from botmeter.sources.mapping import document_records
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.payloads import wrapped

CHATS = [
    {
        "id": "c1",
        "visitor": {"id": "u1"},
        "messages": [{"n": 1, "at": 1774170939703, "from": "visitor"}, {"n": 2, "at": 1774170945001, "from": "bot"}],
    },
    {"id": "c2", "visitor": {"id": "u2"}, "messages": [{"n": 1, "at": 1774170950420, "from": "visitor"}]},
]
EVENTS = [("c1:1", "c1", "u1", 0), ("c1:2", "c1", "u1", 1), ("c2:1", "c2", "u2", 0)]


def chats(rows: str, outer: str = "", **fields: Any) -> Mapping:
    """Mapping of chats whose messages are at `rows`."""
    join = [{"outer": f"{outer}/id"}, {"column": "n"}]
    located = {
        "rows": rows,
        "event_id": {"join": join},
        "occurred_at": {"column": "at", "format": "epoch_ms"},
        "conversation_id": {"outer": f"{outer}/id"},
        "customer_id": {"outer": f"{outer}/visitor/id"},
        "actor": {"column": "from", "values": {"visitor": "customer"}},
        "bot_id": {"constant": "orders"},
    }
    return mapping_from_document(located | fields)


def facts(outcome: Outcome) -> list[tuple[object, ...]]:
    fields = ("event_id", "conversation_id", "customer_id", "actor")
    return [tuple(each[name] for name in fields) for each in outcome.events]


@pytest.mark.parametrize(
    ("content", "rows", "outer"),
    [
        (ndjson(*CHATS), "/messages/*", ""),
        (json.dumps(CHATS).encode(), "/messages/*", ""),
        (json.dumps(CHATS).encode(), "/*/messages/*", "/*"),
        (json.dumps({"total": 2, "chatlogs": CHATS}).encode(), "/chatlogs/*/messages/*", "/chatlogs/*"),
        (
            json.dumps({"data": {"chatlogs": CHATS}}, indent=1).encode(),
            "/data/chatlogs/*/messages/*",
            "/data/chatlogs/*",
        ),
        (json.dumps({"a": {"x": CHATS[0], "y": CHATS[1]}}).encode(), "/a/*/messages/*", "/a/*"),
        (json.dumps({"log": json.dumps(CHATS)}).encode(), "/log/*/messages/*", "/log/*"),
        (b"\n".join(json.dumps(chat, indent=2).encode() for chat in CHATS), "/messages/*", ""),
        (ndjson(*({**chat, "messages": json.dumps(chat["messages"])} for chat in CHATS)), "/messages/*", ""),
    ],
)
@pytest.mark.parametrize("document_bytes_max", [0, 1 << 20])
def test_rows_are_found_in_every_shape(
    read: Read, monkeypatch: pytest.MonkeyPatch, content: bytes, rows: str, outer: str, document_bytes_max: int
) -> None:
    monkeypatch.setattr(json_files, "_DOCUMENT_BYTES_MAX", document_bytes_max)
    monkeypatch.setattr(document_records, "RECORDS_MAX", 2)
    outcome = read(content, mapping=chats(rows, outer))
    assert facts(outcome) == EVENTS
    assert (outcome.positions, outcome.codes, outcome.notes) == ([0, 1, 2], [], [])


def large(monkeypatch: pytest.MonkeyPatch, *, record_bytes: int) -> None:
    """Read objects of more than `record_bytes` as large ones."""
    for module in (elements, json_files, wrapped):
        monkeypatch.setattr(module, "RECORD_BYTES_MAX", record_bytes)
    for module in (elements, json_files):
        monkeypatch.setattr(module, "ARRAY_BLOCK_BYTES", 50)
    monkeypatch.setattr(json_files, "_LINE_BYTES_MAX", 50)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_large_object_is_read_in_pieces(read: Read, monkeypatch: pytest.MonkeyPatch, indent: int | None) -> None:
    rows = [{"n": number, "at": 1774170939703, "from": "visitor", "text": '],}[{"'} for number in range(50)]
    whole = {"v": {"id": "u"}, "id": "c", "more": [{"n": 1}], "messages": rows, "count": 50}
    content = json.dumps(whole, indent=indent).encode()
    located = chats("/messages/*", customer_id={"outer": "/v/id"})
    expected = read(content, mapping=located)
    assert len(expected.events) == 50
    large(monkeypatch, record_bytes=300)
    outcome = read(content, mapping=located)
    assert (outcome.events, outcome.codes, outcome.notes) == (expected.events, [], [])


def test_a_large_object_must_have_its_outer_values_first(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"n": number, "at": 1774170939703, "from": "visitor"} for number in range(50)]
    content = json.dumps({"visitor": {"id": "u"}, "messages": rows, "id": "c"}).encode()
    assert len(read(content, mapping=chats("/messages/*")).events) == 50
    large(monkeypatch, record_bytes=200)
    with pytest.raises(Refused, match=r"has /id after its records.*must be before them") as refused:
        read(content, mapping=chats("/messages/*"))
    assert refused.value.code == "outer_after_rows"
    with pytest.raises(TooMuch, match="has a record of more than"):
        read(content, mapping=chats("/chats/*"))
    with pytest.raises(Refused, match="is truncated"):
        read(content[:-400], mapping=chats("/messages/*"))
    with pytest.raises(Refused, match="is not JSON after its array /messages"):
        read(content + b"{}", mapping=chats("/messages/*"))


def test_rows_that_are_not_there_are_told(read: Read) -> None:
    with pytest.raises(Refused, match=r"has nothing at /message/\*, where its mapping has rows") as refused:
        read(ndjson(*CHATS), mapping=chats("/message/*"))
    assert refused.value.code == "rows_missing"
    outcome = read(ndjson(*CHATS, {"id": "c3"}, {"id": "c4", "messages": []}), mapping=chats("/messages/*"))
    assert facts(outcome) == EVENTS
    (note,) = outcome.notes
    assert "1 objects of" in note
    assert note.endswith("have no records at /messages/*.")
    assert read(ndjson({"id": "c", "messages": []}), mapping=chats("/messages/*")).events == []


def test_faults_in_documents_are_refused_one_by_one_and_can_be_mended(read: Read) -> None:
    broken = {"id": "c3", "visitor": {"id": "u3"}, "messages": [5, {**CHATS[0]["messages"][0], "from": "nobody"}]}
    lines = ndjson(CHATS[0], b"{", broken, {"id": "c4", "messages": "none"}, {"messages": 7}, CHATS[1])
    outcome = read(lines, mapping=chats("/messages/*"))
    assert facts(outcome) == EVENTS
    assert outcome.positions == [0, 1, 7]
    codes = ["json_invalid", "json_invalid", "actor_unknown", "json_invalid", "json_invalid"]
    assert outcome.codes == list(enumerate(codes, start=2))
    raw = outcome.rejections[2].raw
    assert json.loads(raw) == {**broken, "messages": broken["messages"][1:]}
    (mended,) = read(raw.replace(b"nobody", b"visitor"), mapping=chats("/messages/*")).events
    assert (mended["event_id"], mended["customer_id"]) == ("c3:1", "u3")


def test_rows_are_found_in_cells_of_tables(read: Read) -> None:
    located = mapping_from_document(
        {
            "rows": "/log/*",
            "event_id": {"join": [{"outer": "/chat"}, {"column": "n"}]},
            "occurred_at": {"column": "at", "format": "epoch_ms"},
            "conversation_id": {"outer": "/chat"},
            "customer_id": {"outer": "/visitor/id"},
            "actor": {"column": "from", "values": {"visitor": "customer"}},
            "bot_id": {"constant": "orders"},
        }
    )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["chat", "visitor", "log", "more"])
    cells = [[chat["id"], json.dumps(chat["visitor"]), json.dumps(chat["messages"]), "x"] for chat in CHATS]
    writer.writerows([cells[0], ["uneven"], ["c0", "", "", ""], cells[1]])
    outcome = read(text.getvalue().encode(), mapping=located)
    assert (facts(outcome), outcome.positions) == (EVENTS, [0, 1, 3])
    assert outcome.codes == [(2, "row_uneven")]
    assert [note.partition(" of ")[0] for note in outcome.notes] == ["Ignored columns", "1 objects"]
    table = pa.table({"chat": [chat["id"] for chat in CHATS], "visitor": [chat["visitor"] for chat in CHATS]})
    for log in ([chat["messages"] for chat in CHATS], [json.dumps(chat["messages"]) for chat in CHATS]):
        sink = io.BytesIO()
        pq.write_table(table.append_column("log", pa.array(log)), sink)
        assert facts(read(sink.getvalue(), mapping=located)) == EVENTS
    with pytest.raises(Refused, match="has no column 'log' \\(for rows\\)"):
        read(b"chat,visitor\n", mapping=located)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"rows": "messages/*"}, "rows is 'messages/*'; it must be a JSON pointer to each record, such as /messages/*"),
        ({"rows": "/messages"}, "such as /messages/*"),
        ({"rows": 5}, "rows is 5"),
        ({"actor": {"outer": "/id"}}, "actor has outer, but the mapping has no rows; use pointer"),
        (
            {"rows": "/a/*/b/*", "actor": {"outer": "/c/*/id"}},
            "up to its last * it must be the beginning of '/a/*/b/*'",
        ),
        ({"rows": "/a/*/b/*", "actor": {"outer": "/a/*"}}, "it must name a value, such as /chats/*/id"),
        ({"rows": "/a/*", "actor": {"outer": "id"}}, "actor.outer is 'id'; a JSON pointer starts with /"),
        ({"rows": "/a/*", "actor": {"outer": "/id", "column": "x"}}, "actor has column and outer; use one of them"),
    ],
)
def test_impossible_rows_are_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        mapping_from_document(document)
    assert reason in refused.value.message


WRAPPERS = [
    {"events": [event("a"), event("b")]},
    {"next": None, "data": {"total": 2, "items": [event("a"), event("b")]}, "users": [{"id": 1}], "tags": ["x"]},
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("indent", [None, 1])
def test_events_inside_a_wrapper_are_read(read: Read, wrapper: dict[str, Any], indent: int | None) -> None:
    content = json.dumps(wrapper, indent=indent).encode()
    outcome = read(content)
    assert (outcome.ids, outcome.codes) == (["a", "b"], [])
    (note,) = outcome.notes
    assert note.startswith("The records of ")
    assert note.endswith(("are those at /events/*.", "are those at /data/items/*."))
    assert read(content + b"\n" + content).ids == ["a", "b", "a", "b"]


def test_foreign_records_inside_a_wrapper_are_read(read: Read) -> None:
    foreign = [{**event(), "event_id": None, "id": f"m{number}"} for number in range(3)]
    located = mapping_from_document({"event_id": {"column": "id"}})
    content = json.dumps({"messages": [{key: value for key, value in each.items() if value} for each in foreign]})
    assert read(content.encode(), mapping=located).ids == ["m0", "m1", "m2"]


def test_a_large_wrapper_is_read_in_pieces(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(f"e{number}") for number in range(50)]
    wrapper = {"users": [{"id": 1}], "events": events, "count": 50}
    expected = read(json.dumps(wrapper).encode())
    large(monkeypatch, record_bytes=1000)
    outcome = read(json.dumps(wrapper).encode())
    assert (outcome.events, outcome.codes) == (expected.events, [])
    assert outcome.notes == expected.notes
    with pytest.raises(Refused, match='rows = "/events/\\*" or "/more/\\*"'):
        read(json.dumps({**wrapper, "more": [event("x")]}).encode())


def test_several_lists_of_events_are_not_guessed_between(read: Read) -> None:
    wrapper = {"new": [event("a")], "old": [event("b")]}
    with pytest.raises(
        Refused, match='records in 2 lists. Name one of them in a mapping: rows = "/new/\\*"'
    ) as refused:
        read(json.dumps(wrapper).encode())
    assert refused.value.code == "rows_ambiguous"
    located = mapping_from_document({"rows": "/old/*"})
    assert read(json.dumps(wrapper).encode(), mapping=located).ids == ["b"]


def test_an_event_with_a_list_in_it_is_no_wrapper(read: Read) -> None:
    assert read(ndjson(event("a", thread=[event("b")]))).ids == ["a"]
    assert read(ndjson({"users": [{"id": 1}]}, event("a"))).ids == ["a"]
