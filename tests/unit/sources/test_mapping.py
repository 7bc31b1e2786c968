"""Mappings: foreign columns, nested objects, other values and other times."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.conftest import Outcome, Read, event, ndjson

from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import text_from_us, us_from_text
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document, mapping_from_file

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "import.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def mapping(**fields: object) -> Mapping:
    return mapping_from_document(fields)


def test_the_worked_examples_of_the_guide_give_what_it_says(read: Read, tmp_path: Path) -> None:
    blocks = [(kind, text) for kind, text in BLOCK.findall(GUIDE.read_text()) if kind != "console"]
    examples = [blocks[start : start + 3] for start in range(0, len(blocks), 3)]
    kinds = [[kind for kind, _ in example] for example in examples]
    assert kinds == [
        ["csv", "toml", "json"],
        ["ndjson", "toml", "json"],
        ["csv", "toml", "json"],
        ["json", "toml", "json"],
    ]
    for (_, content), (_, toml), (_, expected) in examples:
        path = tmp_path / "mapping.toml"
        path.write_text(toml)
        outcome = read(content.encode(), mapping=mapping_from_file(path))
        assert not outcome.rejections
        assert outcome.events == read(expected.encode()).events


def test_a_mapping_can_be_written_in_json(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"event_id": {"column": "id"}}))
    foreign = {**event(), "id": "mine"}
    assert read(ndjson(foreign), mapping=mapping_from_file(path)).ids == ["mine"]


@pytest.mark.parametrize(
    ("cell", "pointer", "result"),
    [
        ({"a": {"b": ["x", "y"]}}, "/cell/a/b/1", "y"),
        ({"a/b": {"m~n": "x"}}, "/cell/a~1b/m~0n", "x"),
        ({"": {"0": "x"}}, "/cell//0", "x"),
        ({"a": 5}, "/cell/a", "5"),
        ('{"a": ["x"]}', "/cell/a/0", "x"),
        ({"a": []}, "/cell/a/0", None),
        ({"a": ["x"]}, "/cell/a/-", None),
        ("plain", "/cell/a", None),
        (None, "/cell/a", None),
    ],
)
def test_a_pointer_finds_what_it_names_or_nothing(read: Read, cell: object, pointer: str, result: str | None) -> None:
    (read_event,) = read(ndjson(event(cell=cell)), mapping=mapping(bot_id={"pointer": pointer})).events
    assert read_event["bot_id"] == result


@pytest.mark.parametrize(
    ("location", "sent", "actor"),
    [
        ({"values": {"user": "customer"}}, "user", "customer"),
        ({"values": {"user": "customer"}}, "agent", "agent"),
        ({"values": {"user": "customer"}, "otherwise": "bot"}, "anyone", "bot"),
        ({"values": {"1": "customer"}}, 1, "customer"),
        ({"values": {"true": "bot"}}, True, "bot"),
        ({"values": {"": "system"}}, None, "system"),
    ],
)
def test_values_are_renamed(read: Read, location: dict[str, object], sent: object, actor: str) -> None:
    renamed = read(ndjson(event(who=sent)), mapping=mapping(actor={"column": "who", **location}))
    assert renamed.events == read(ndjson(event(actor=actor))).events


def test_otherwise_does_not_invent_what_is_missing(read: Read) -> None:
    location = {"column": "who", "values": {"user": "customer"}, "otherwise": "bot"}
    assert read(ndjson(event(who=None)), mapping=mapping(actor=location)).codes == [(0, "field_missing")]


@pytest.mark.parametrize(
    ("join", "cells", "result"),
    [
        ({}, {"chat": "c", "turn": 7}, "c:7"),
        ({"separator": ""}, {"chat": "c", "turn": "7"}, "c7"),
        ({}, {"chat": "c"}, None),
        ({}, {"chat": "", "turn": 7}, None),
        ({"values": {"c:7": "last"}}, {"chat": "c", "turn": 7}, "last"),
        ({"values": {"x": "y"}, "otherwise": "other"}, {"chat": "ü", "turn": -1}, "other"),
    ],
)
def test_columns_are_joined(read: Read, join: dict[str, Any], cells: dict[str, object], result: str | None) -> None:
    located = mapping(ticket_id={"join": [{"column": "chat"}, {"column": "turn"}], **join})
    sent = [event(number, **cells) for number in range(3)]
    outcome = read(ndjson(*sent), mapping=located)
    assert [each["ticket_id"] for each in outcome.events] == [result] * 3
    names = [*event(), "chat", "turn"]
    rows = "\n".join(",".join(str(each.get(name, "")) for name in names) for each in sent)
    assert read(f"{','.join(names)}\n{rows}".encode(), mapping=located).events == outcome.events


def test_a_part_of_a_joined_value_can_be_inside_another_and_translated(read: Read) -> None:
    join = [{"pointer": "/chat/id"}, {"constant": "turn"}, {"pointer": "/n", "values": {"1": "one"}}]
    located = mapping(event_id={"join": join, "separator": "/"})
    sent = [event(chat={"id": "c"}, n=1), event(chat='{"id": 5}', n="2")]
    assert read(ndjson(*sent), mapping=located).ids == ["c/turn/one", "5/turn/2"]


@pytest.mark.parametrize("part", [True, 1.5, [1], {"a": 1}])
def test_only_text_and_whole_numbers_are_joined(read: Read, part: object) -> None:
    located = mapping(event_id={"join": [{"column": "chat"}, {"column": "turn"}]})
    outcome = read(ndjson(event(chat="c", turn=part), event(chat="c", turn=2)), mapping=located)
    assert (outcome.ids, outcome.codes) == (["c:2"], [(0, "type_invalid")])
    assert "A part of a joined value is" in outcome.rejections[0].detail


def test_date_and_time_stand_in_two_columns(read: Read) -> None:
    rows = ["24/03/2026,11:58 pm", "25/03/2026,12:03 am", ",12:03 am"]
    header = "event_id,Date,Time,conversation_id,customer_id,actor\n"
    content = header + "\n".join(f"e{number},{row},c,u,customer" for number, row in enumerate(rows))
    join = [{"column": "Date"}, {"column": "Time"}]
    located = mapping(
        occurred_at={"join": join, "separator": " ", "format": "%d/%m/%Y %I:%M %p", "timezone": "Asia/Kolkata"}
    )
    outcome = read(content.encode(), mapping=located)
    assert [text_from_us(each["occurred_at"]) for each in outcome.events] == [
        "2026-03-24T18:28:00Z",
        "2026-03-24T18:33:00Z",
    ]
    assert outcome.codes == [(2, "field_missing")]
    assert outcome.notes == []


def at(read: Read, sent: object, **clock: object) -> Outcome:
    """Instant read from a text, the same from JSON and CSV."""
    result = mapping(occurred_at={"column": "at", **clock})
    outcome = read(ndjson(event(at=sent)), mapping=result)
    names = [*event(), "at"]
    row = ",".join(f'"{event(at=sent)[name]}"' for name in names)
    table = read((",".join(names) + "\n" + row).encode(), mapping=result)
    assert (outcome.events, outcome.codes) == (table.events, table.codes)
    return outcome


@pytest.mark.parametrize(
    ("sent", "clock", "expected"),
    [
        ("2025-12-21T04:00:00", {"timezone": "Asia/Kolkata"}, "2025-12-20T22:30:00Z"),
        ("2025-12-21 17:00:00.25", {"timezone": "America/Los_Angeles"}, "2025-12-22T01:00:00.250Z"),
        ("2025-12-21T04:00:00Z", {"timezone": "Asia/Kolkata"}, "2025-12-21T04:00:00Z"),
        (1766269800, {"format": "epoch_s"}, "2025-12-20T22:30:00Z"),
        ("1766269800.123456789", {"format": "epoch_s"}, "2025-12-20T22:30:00.123456Z"),
        (1766269800.1, {"format": "epoch_s"}, "2025-12-20T22:30:00.100Z"),
        (1766269800123, {"format": "epoch_ms"}, "2025-12-20T22:30:00.123Z"),
        (-1, {"format": "epoch_us"}, "1969-12-31T23:59:59.999999Z"),
        ("21.12.2025 04:00", {"format": "%d.%m.%Y %H:%M", "timezone": "Asia/Kolkata"}, "2025-12-20T22:30:00Z"),
        ("21/Dec/2025:04:00:00 +0530", {"format": "%d/%b/%Y:%H:%M:%S %z"}, "2025-12-20T22:30:00Z"),
        ("2025-11-02T01:30:00", {"timezone": "America/New_York", "ambiguous": "first"}, "2025-11-02T05:30:00Z"),
        ("2025-11-02T02:30:00", {"timezone": "America/New_York"}, "2025-11-02T07:30:00Z"),
    ],
)
def test_a_time_is_read_as_the_mapping_says(read: Read, sent: object, clock: dict[str, object], expected: str) -> None:
    (result,) = at(read, sent, **clock).events
    assert text_from_us(result["occurred_at"]) == text_from_us(us_from_text(expected))


@pytest.mark.parametrize(
    ("sent", "clock", "code"),
    [
        ("2025-11-02T01:30:00", {"timezone": "America/New_York"}, "time_ambiguous"),
        ("2025-03-09T02:30:00", {"timezone": "America/New_York", "ambiguous": "first"}, "time_nonexistent"),
        ("2025-12-21T04:00:00", {}, "time_without_offset"),
        ("soon", {"format": "epoch_s"}, "time_invalid"),
        ("1e9", {"format": "epoch_s"}, "time_invalid"),
        (2**63, {"format": "epoch_s"}, "time_out_of_range"),
        ("9" * 41, {"format": "epoch_us"}, "time_invalid"),
        ("12/21/2025 04:00", {"format": "%d/%m/%Y %H:%M", "timezone": "UTC"}, "time_invalid"),
        ("0001-01-01T00:00:00", {"timezone": "Asia/Tokyo"}, "time_out_of_range"),
    ],
)
def test_an_invalid_time_is_rejected(read: Read, sent: object, clock: dict[str, object], code: str) -> None:
    assert at(read, sent, **clock).codes == [(0, code)]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"customer": {"column": "x"}}, "unknown field 'customer'; the fields are event_id"),
        ({"actor": "who"}, "actor must be a table"),
        (
            {"actor": {"colum": "who"}},
            "actor has 'colum'; it can have column, pointer, outer, constant, values",
        ),
        ({"actor": {"format": "iso"}}, "actor has 'format'"),
        ({"actor": {"column": 5}}, "actor.column must be text"),
        ({"actor": {"column": "a", "constant": "bot"}}, "use one of them"),
        ({"actor": {"constant": ""}}, "actor.constant must be text that is not empty"),
        ({"actor": {"column": "a", "join": []}}, "actor has column and join; use one of them"),
        ({"actor": {"join": [{"column": "a"}]}}, "actor.join must be a list of two tables or more"),
        ({"actor": {"join": ["a", "b"]}}, "actor.join[0] must be a table"),
        ({"actor": {"join": [{"column": "a"}, {"join": []}]}}, "actor.join[1] has 'join'; it can have column"),
        ({"actor": {"join": [{"column": "a"}, {}]}}, "actor.join[1] needs a column, a pointer"),
        ({"actor": {"column": "a", "separator": "-"}}, "actor has a separator but no join"),
        ({"actor": {"generated": True}}, "actor has 'generated'; it can have column"),
        ({"event_id": {"generated": "yes"}}, "event_id.generated must be true, or left out"),
        ({"event_id": {"generated": True, "column": "a"}}, "event_id has column and generated; use one of them"),
        ({"actor": {"pointer": "a/b"}}, "a JSON pointer starts with /"),
        ({"actor": {"column": "a", "otherwise": "bot"}}, "actor has otherwise but no values"),
        ({"actor": {"column": "a", "values": ["x"]}}, "actor.values must be a table of texts"),
        (
            {"occurred_at": {"format": "epoch_h"}},
            "it must be iso, epoch_s, epoch_ms, epoch_us, epoch_ns, excel, excel_1904 or a pattern",
        ),
        ({"occurred_at": {"format": "%H:%M"}}, "a pattern of a whole time"),
        ({"occurred_at": {"format": "%d/%m/%Y %H:%M"}}, "reads no offset, so it needs a timezone"),
        ({"occurred_at": {"timezone": "Mars/Base"}}, "'Mars/Base' is not in the IANA time zone database"),
        ({"occurred_at": {"format": "epoch_s", "timezone": "UTC"}}, "epoch_s counts in UTC and needs none"),
        ({"occurred_at": {"ambiguous": "last"}}, '''it must be "refuse" or "first"'''),
    ],
)
def test_a_mapping_that_can_not_be_is_refused_with_its_reason(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=re.escape(reason)) as refused:
        mapping_from_document(document)
    assert refused.value.code == "mapping_invalid"


@pytest.mark.parametrize("text", ["= nonsense", "{", "[1]", '{"actor": ', "\0"])
def test_a_mapping_file_that_is_neither_toml_nor_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(Refused):
        mapping_from_file(path)


def test_a_mapping_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="does not exist") as missing:
        mapping_from_file(tmp_path / "none.toml")
    assert missing.value.code == "mapping_missing"
    with pytest.raises(Refused, match="can't be read"):
        mapping_from_file(tmp_path)


def test_a_column_that_the_mapping_names_must_be_there(read: Read) -> None:
    content = b"event_id,occurred_at,conversation_id,customer_id,actor\n"
    with pytest.raises(Refused, match=re.escape("has no column 'Bot' (for bot_id)")):
        read(content, mapping=mapping(bot_id={"column": "Bot"}))


def test_a_row_refused_from_a_foreign_file_can_be_mended_and_sent_again_with_its_mapping(read: Read) -> None:
    result = mapping(actor={"column": "Who", "values": {"user": "customer"}})
    content = b"event_id,occurred_at,conversation_id,customer_id,Who\ne1,2026-11-22T10:00:00Z,c,u,usr\n"
    (rejection,) = read(content, mapping=result).rejections
    (corrected,) = read(rejection.raw.replace(b"usr", b"user"), mapping=result).events
    assert corrected["actor"] == 0
