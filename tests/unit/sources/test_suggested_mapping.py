"""Suggested mappings: files of many shapes → the mapping that reads them."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from botmeter.domain.errors import Refused
from botmeter.metering.preset import preset
from botmeter.metering.stateless import metered_files
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.suggest.json_start import json_values
from botmeter.sources.suggest.mapping_text import text_of_suggestion, toml_value
from botmeter.sources.suggest.sample import ROWS_MAX
from botmeter.sources.suggest.suggested_mapping import suggested_mapping
from botmeter.sources.suggest.suggestion import Suggestion
from botmeter.sources.suggest.time_formats import time_format
from botmeter.sources.suggest.words import words_of

CHATS = """id;chat;phone;who;sent at
m-1;c-1;+91 98;visitor;2026-03-01T10:00:00Z
m-2;c-1;+91 98;assistant;2026-03-01T10:00:01Z
m-3;c-2;+91 97;visitor;2026-03-01T10:00:02Z
m-4;c-2;+91 97;operator;2026-03-01T10:00:03Z
"""
BOT = {"bot_id": {"constant": "bot"}}


def suggested(tmp_path: Path, content: str) -> Suggestion:
    path = tmp_path / "export"
    path.write_text(content)
    return suggested_mapping(SourceFile(path=str(path)))


def test_a_table_with_telling_names_needs_no_look(tmp_path: Path) -> None:
    suggestion = suggested(tmp_path, CHATS)
    assert suggestion.document() == {
        "event_id": {"column": "id"},
        "occurred_at": {"column": "sent at"},
        "conversation_id": {"column": "chat"},
        "customer_id": {"column": "phone"},
        "actor": {
            "column": "who",
            "values": {"visitor": "customer", "assistant": "bot", "operator": "agent"},
        },
        **BOT,
    }
    assert [doubt.partition(":")[0] for doubt in suggestion.doubts] == ["bot_id"]
    facts = {column.label: (column.kind, column.distinct_count, column.samples[0]) for column in suggestion.columns}
    assert facts["sent at"] == ("time", 4, "2026-03-01T10:00:00Z")
    assert facts["phone"] == ("text", 2, "+91 98")


def test_the_printed_suggestion_is_a_mapping_file_with_its_doubts_at_the_top(tmp_path: Path) -> None:
    suggestion = suggested(tmp_path, CHATS)
    text = text_of_suggestion(suggestion)
    assert tomllib.loads(text) == suggestion.document()
    assert text.startswith("# Mapping suggested for export from all 4 rows.\n#\n# Not sure about:\n# - bot_id: ")
    lines = text.splitlines()
    assert all(lines[number - 1].startswith("# ") for number, line in enumerate(lines) if " = " in line)


@pytest.mark.parametrize(
    ("texts", "document"),
    [
        (["2026-03-01T10:00:00Z"], {}),
        (["2026-03-01 10:00:00", "2026-03-01 10:00:00.5"], {"timezone": "UTC"}),
        (["1772359200", "1772359200.25"], {"format": "epoch_s"}),
        (["1772359200123"], {"format": "epoch_ms"}),
        (["1772359200123456"], {"format": "epoch_us"}),
        (["13/01/2026 10:00"], {"format": "%d/%m/%Y %H:%M", "timezone": "UTC"}),
        (["1/13/2026 10:00:05 PM"], {"format": "%m/%d/%Y %I:%M:%S %p", "timezone": "UTC"}),
        (["13.1.26, 10:00"], {"format": "%d.%m.%y, %H:%M", "timezone": "UTC"}),
        (["2026/01/13 10:00:00 +0100"], {"format": "%Y/%m/%d %H:%M:%S %z"}),
        (["Jan 13, 2026, 10:00 AM"], {"format": "%b %d, %Y, %I:%M %p", "timezone": "UTC"}),
        (["Tue, 13 Jan 2026 10:00:00 +0000"], {"format": "%a, %d %b %Y %H:%M:%S %z"}),
        (["20260113100000"], {"format": "%Y%m%d%H%M%S", "timezone": "UTC"}),
        (["2026-03-01 10:00:00+00", "2026-03-01 10:00:00.5+00"], {}),
        (["2026-03-01 10:00:00 UTC"], {}),
        (["1772359200123456789"], {"format": "epoch_ns"}),
        (["1772359200,25"], {"format": "epoch_s"}),
        (["46082.4375"], {"format": "excel", "timezone": "UTC"}),
        (
            ["2026-11-01 01:30:00 PDT", "2026-11-01 01:30:00 PST"],
            {"format": "%Y-%m-%d %H:%M:%S %Z", "zones": {"PDT": "-07:00", "PST": "-08:00"}},
        ),
        # Two days apart rather than two months.
        (["3/1/2026 9:00", "3/3/2026 9:00"], {"format": "%m/%d/%Y %H:%M", "timezone": "UTC"}),
        (["1/3/2026 9:00", "3/3/2026 9:00"], {"format": "%d/%m/%Y %H:%M", "timezone": "UTC"}),
    ],
)
def test_a_format_of_times_is_found(texts: list[str], document: dict[str, object]) -> None:
    form = time_format(texts)
    assert form is not None
    assert form.document == document
    assert ("no zone" in form.doubt) == ("timezone" in document)


def test_a_time_in_scientific_notation_is_named_as_damaged(tmp_path: Path) -> None:
    doubts = suggested(tmp_path, "id;who;sent\n1;visitor;1,77236E+12\n").doubts
    assert any("sent is in scientific notation" in doubt for doubt in doubts)


def test_a_table_without_a_header_is_doubted(tmp_path: Path) -> None:
    headless = CHATS.partition("\n")[2]
    doubts = "; ".join(suggested(tmp_path, headless).doubts)
    assert "the first row was taken for names of columns, but" in doubts
    assert "first row" not in "; ".join(suggested(tmp_path, CHATS).doubts)


def test_a_zone_that_can_mean_several_is_left_open() -> None:
    form = time_format(["2026-11-01 01:30:00 PST", "2026-11-01 01:30:00 IST"])
    assert form is not None
    assert form.document == {"format": "%Y-%m-%d %H:%M:%S %Z", "zones": {"PST": "-08:00"}}
    assert "add IST to zones" in form.doubt


@pytest.mark.parametrize("texts", [["hello"], ["12"], ["2026-03-01"], ["d d 1 1"], ["%d %d 2026"], ["10:00"], []])
def test_other_text_is_no_time(texts: list[str]) -> None:
    assert time_format(texts) is None


def test_day_and_month_that_could_be_swapped_are_a_doubt() -> None:
    form = time_format(["03/04/2026 10:00"])
    assert form is not None
    assert "no day is past the 12th" in form.doubt


@pytest.mark.parametrize(
    ("name", "words"),
    [("sentAt", "sent_at"), ("Message ID", "message_id"), ("HTTPCode2", "http_code_2"), ("Käufer-Nr.", "kaufer_nr")],
)
def test_names_are_compared_by_their_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_a_sample_is_bounded_and_says_so(tmp_path: Path) -> None:
    rows = "".join(f"m-{number};c;p;visitor;2026-03-01T10:00:00Z\n" for number in range(ROWS_MAX + 1))
    suggestion = suggested(tmp_path, CHATS.splitlines(keepends=True)[0] + rows)
    assert (suggestion.row_count, suggestion.is_whole) == (ROWS_MAX, False)
    assert "from the first 1,000 rows." in text_of_suggestion(suggestion)


def test_a_sample_of_long_rows_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botmeter.sources.suggest.sample.TABLE_CHARACTERS_MAX", 60)
    suggestion = suggested(tmp_path, CHATS)
    assert (suggestion.row_count, suggestion.is_whole) == (2, False)


def test_a_parquet_file_is_sampled(tmp_path: Path) -> None:
    sent = [datetime(2026, 3, 1, 10, 0, second, tzinfo=UTC) for second in (0, 1)]
    columns = {"id": [1, 2], "chat": ["c", "c"], "user": [{"id": 7}, {"id": 7}], "role": ["user", "bot"], "sent": sent}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "export")
    suggestion = suggested_mapping(SourceFile(path=str(tmp_path / "export")))
    assert (suggestion.format, suggestion.row_count, suggestion.is_whole) == ("parquet", 2, True)
    assert suggestion.document()["occurred_at"] == {"column": "sent"}
    assert suggestion.document()["customer_id"] == {"pointer": "/user/id"}


def test_values_that_toml_or_a_terminal_would_misread_are_written_safely(tmp_path: Path) -> None:
    suggestion = suggested(tmp_path, json.dumps({'a "b"\n# c': "x\x1b[31m\ny", "user": "\x1b[31m", "who": "visitor"}))
    text = text_of_suggestion(suggestion)
    assert "\x1b" not in text
    assert tomllib.loads(text) == suggestion.document()
    odd = {'k"\n': "\x7f\u2028\\", "plain": [True, 7, {"a": "b"}]}
    assert tomllib.loads(f"value = {toml_value(odd)}")["value"] == odd


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('[{"a": 1}, {"a": 2}, {"a"', [{"a": "1"}, {"a": "2"}]),
        ('{"a": [{"b": 1}, {"b": 2, "c": "x', [{"a": [{"b": "1"}, {"b": "2"}]}]),
        ('{"a": 1}\n{"a": 1.50}\n{"a', [{"a": "1"}, {"a": "1.50"}, {}]),
        ('{"a": 1}\nno json}\n{"a": 2}\n{"a', [{"a": "1"}, {"a": "2"}, {}]),
        ('{\n "a": 1}\n{\n "a": 2}', [{"a": "1"}, {"a": "2"}]),
    ],
)
def test_json_that_is_cut_off_is_read_up_to_the_cut(text: str, values: list[Any]) -> None:
    assert [value for value in json_values(text.encode(), is_whole=False) if value] == [each for each in values if each]


SHAPES: dict[str, tuple[str, dict[str, object]]] = {
    "times as Postgres writes them": (
        (
            "id,session_id,phone,sender,created_at\n"
            "1,s-1,5541,contact,2026-03-01 22:59:58+00\n2,s-1,5541,bot,2026-03-01 23:00:00.531+00\n"
            "3,s-1,5541,contact,2026-03-02 22:59:58+00\n4,s-2,5542,contact,2026-03-02 05:15:09.120044+05:30\n"
        ),
        {
            "event_id": {"column": "id"},
            "occurred_at": {"column": "created_at"},
            "conversation_id": {"column": "session_id"},
            "customer_id": {"column": "phone"},
            "actor": {"column": "sender", "values": {"contact": "customer", "bot": "bot"}},
            **BOT,
        },
    ),
    "days as spreadsheets count them": (
        "id,chat,phone,who,sent\n1,c1,p1,visitor,46082.4375\n2,c1,p1,visitor,46083.4375\n",
        {
            "event_id": {"column": "id"},
            "occurred_at": {"column": "sent", "format": "excel", "timezone": "UTC"},
            "conversation_id": {"column": "chat"},
            "customer_id": {"column": "phone"},
            "actor": {"column": "who", "values": {"visitor": "customer"}},
            **BOT,
        },
    ),
    "words of zones, in the hour that occurs twice": (
        "id,chat,user,who,sent\n1,c1,u1,visitor,2026-11-01 01:30:00 PDT\n2,c2,u2,visitor,2026-11-01 01:30:00 PST\n",
        {
            "event_id": {"column": "id"},
            "occurred_at": {
                "column": "sent",
                "format": "%Y-%m-%d %H:%M:%S %Z",
                "zones": {"PDT": "-07:00", "PST": "-08:00"},
            },
            "conversation_id": {"column": "chat"},
            "customer_id": {"column": "user"},
            "actor": {"column": "who", "values": {"visitor": "customer"}},
            **BOT,
        },
    ),
    "objects as MongoDB exports them": (
        "".join(
            f'{{"_id":{{"$oid":"65e1a000000000000000000{number}"}},"chatId":{{"$oid":"65e1a0000000000000000aaa"}},'
            f'"user":"u1","role":"{role}","createdAt":{{"$date":{{"$numberLong":"177235920006{number}"}}}}}}\n'
            for number, role in enumerate(["user", "assistant"])
        ),
        {
            "event_id": {"pointer": "/_id/$oid"},
            "occurred_at": {"pointer": "/createdAt/$date/$numberLong", "format": "epoch_ms"},
            "conversation_id": {"pointer": "/chatId/$oid"},
            "customer_id": {"column": "user"},
            "actor": {"column": "role", "values": {"user": "customer", "assistant": "bot"}},
            **BOT,
        },
    ),
    "no ids, and senders in words": (
        (
            "conversationId\tsendTime\tsenderType\ttext\tagentId (optional)\n"
            "77\t2026-03-22T04:55:51+00:00\tvisitor\tHi\t\n"
            "77\t2026-03-22T04:55:51+00:00\tagent\tHello\tann@example.com\n"
            "78\t2026-03-22T05:55:51+00:00\tvisitor\tHi\t\n"
        ),
        {
            "event_id": {"generated": True},
            "occurred_at": {"column": "sendTime"},
            "conversation_id": {"column": "conversationId"},
            "customer_id": {"column": "conversationId"},
            "actor": {"column": "senderType", "values": {"visitor": "customer", "agent": "agent"}},
            **BOT,
        },
    ),
    "date and time apart, one chat": (
        "Date,Time,Sender,Message\n24/03/2026,11:58 pm,Ravi,order\n24/03/2026,11:58 pm,Shop bot,done\n",
        {
            "event_id": {"generated": True},
            "occurred_at": {
                "join": [{"column": "Date"}, {"column": "Time"}],
                "separator": " ",
                "format": "%d/%m/%Y %I:%M %p",
                "timezone": "UTC",
            },
            "conversation_id": {"column": "Sender", "values": {"Shop bot": "Ravi"}},
            "customer_id": {"column": "Sender", "values": {"Shop bot": "Ravi"}},
            "actor": {"column": "Sender", "values": {"Shop bot": "bot"}, "otherwise": "customer"},
            **BOT,
        },
    ),
    "ids of a conversation and a turn": (
        (
            "session_id,turn_position,created_at,role,user_id\n"
            "s1,1,2026-03-01T10:00:00Z,user,u1\ns1,2,2026-03-01T10:00:00Z,assistant,u1\ns2,1,2026-03-01T10:00:00Z,user,u2\n"
        ),
        {
            "event_id": {"join": [{"column": "session_id"}, {"column": "turn_position"}], "separator": ":"},
            "occurred_at": {"column": "created_at"},
            "conversation_id": {"column": "session_id"},
            "customer_id": {"column": "user_id"},
            "actor": {"column": "role", "values": {"user": "customer", "assistant": "bot"}},
            **BOT,
        },
    ),
    "a turn per row, some of them anonymous": (
        (
            "id,username,workspace_name,prompt,response,sent_at\n"
            '1,kim,support,hi,"{""text"":""Hello""}",2026-03-01T10:00:00.000Z\n'
            '2,,support,again,"{""text"":""Yes""}",2026-03-02T09:59:59.999Z\n'
        ),
        {
            "event_id": {"column": "id"},
            "occurred_at": {"column": "sent_at"},
            "conversation_id": {"column": "workspace_name"},
            "customer_id": {"column": "username", "values": {"": "anonymous"}},
            "actor": {"constant": "customer"},
            **BOT,
        },
    ),
    "a list of messages in each conversation": (
        json.dumps(
            {
                "channel": {"id": 55, "isChat": True},
                "visitor": {"id": 27, "name": "Dana"},
                "tags": [{"name": "sale"}],
                "messages": [
                    {"type": "trigger", "from": "bot:orders", "writtenAt": 1774170939703},
                    {"type": "visitor", "from": "visitor:v-27", "writtenAt": 1774170945001},
                ],
            }
        ),
        {
            "rows": "/messages/*",
            "event_id": {"generated": True},
            "occurred_at": {"column": "writtenAt", "format": "epoch_ms"},
            "conversation_id": {"outer": "/channel/id"},
            "customer_id": {"outer": "/visitor/id"},
            "actor": {"column": "type", "values": {"trigger": "bot", "visitor": "customer"}},
            **BOT,
        },
    ),
    "a wrapper around conversations with their messages": (
        json.dumps(
            {
                "exported": "2026-03-01",
                "chatlogs": [
                    {"id": "c-1", "user": {"id": "u-1"}, "messages": [{"id": 1, "at": 1774170939, "role": "user"}]},
                    {"id": "c-2", "user": {"id": "u-2"}, "messages": [{"id": 2, "at": 1774170940, "role": "ai"}]},
                ],
            }
        ),
        {
            "rows": "/chatlogs/*/messages/*",
            "event_id": {"column": "id"},
            "occurred_at": {"column": "at", "format": "epoch_s"},
            "conversation_id": {"outer": "/chatlogs/*/id"},
            "customer_id": {"outer": "/chatlogs/*/user/id"},
            "actor": {"column": "role", "values": {"user": "customer", "ai": "bot"}},
            **BOT,
        },
    ),
    "a wrapper around messages": (
        json.dumps(
            {
                "data": [
                    {
                        "_id": {"$oid": "65e1a0000000000000000001"},
                        "chatId": "c",
                        "user": "u1",
                        "is_bot": False,
                        "ts": 1772359200,
                    },
                    {
                        "_id": {"$oid": "65e1a0000000000000000002"},
                        "chatId": "c",
                        "user": "u1",
                        "is_bot": True,
                        "ts": 1772359201,
                    },
                ]
            }
        ),
        {
            "rows": "/data/*",
            "event_id": {"pointer": "/_id/$oid"},
            "occurred_at": {"column": "ts", "format": "epoch_s"},
            "conversation_id": {"column": "chatId"},
            "customer_id": {"column": "user"},
            "actor": {"column": "is_bot", "values": {"false": "customer", "true": "bot"}},
            **BOT,
        },
    ),
    "JSON in cells, and a turn in which nobody wrote": (
        "\n".join(
            json.dumps(
                {
                    "bot": "a1",
                    "session": "sessions/s1",
                    "turn_position": turn,
                    "request_time": f"2026-03-01T10:00:0{turn}Z",
                    "request": json.dumps({"queryInput": query, "queryParams": {"channel": "web"}}),
                    "response": json.dumps({"responseId": f"r-{turn}"}),
                }
            )
            for turn, query in enumerate([{"event": {"event": "WELCOME"}}, {"text": {"text": "hi"}}])
        ),
        {
            "event_id": {"column": "response", "pointer": "/responseId"},
            "occurred_at": {"column": "request_time"},
            "conversation_id": {"column": "session"},
            "customer_id": {"column": "session"},
            "actor": {
                "column": "request",
                "pointer": "/queryInput/text/text",
                "values": {"": "system"},
                "otherwise": "customer",
            },
            "bot_id": {"column": "bot"},
            "channel": {"column": "request", "pointer": "/queryParams/channel"},
        },
    ),
}


# Events and sessions of each shape, when it is read with its suggestion.
COUNTS = {
    "times as Postgres writes them": (4, 3),
    "days as spreadsheets count them": (2, 2),
    "words of zones, in the hour that occurs twice": (2, 2),
    "objects as MongoDB exports them": (2, 1),
    "no ids, and senders in words": (3, 2),
    "date and time apart, one chat": (2, 1),
    "ids of a conversation and a turn": (3, 2),
    "a turn per row, some of them anonymous": (2, 2),
    "a list of messages in each conversation": (2, 1),
    "a wrapper around conversations with their messages": (2, 1),
    "a wrapper around messages": (2, 1),
    "JSON in cells, and a turn in which nobody wrote": (2, 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_of_export_is_read_with_its_suggestion(tmp_path: Path, shape: str) -> None:
    suggestion = suggested(tmp_path, SHAPES[shape][0])
    file = SourceFile(path=str(tmp_path / "export"), mapping=mapping_from_document(suggestion.document()))
    counts = metered_files([batches(file)], policy=preset("freshchat.session").policy, source="export").counts
    assert (counts["events"], counts["sessions"]) == COUNTS[shape]
    assert [counts[name] for name in ("rejected", "duplicates", "conflicts")] == [0, 0, 0]


def test_a_table_below_a_title_names_its_header(tmp_path: Path) -> None:
    suggestion = suggested(tmp_path, "Chats of March;;;;\n;;;;\n" + CHATS + "Total;4;;;\n")
    assert (suggestion.document()["header_row"], suggestion.row_count) == (3, 4)
    assert tomllib.loads(text_of_suggestion(suggestion)) == suggestion.document()
    assert suggestion.missing_fields == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_of_export_gives_its_mapping(tmp_path: Path, shape: str) -> None:
    content, document = SHAPES[shape]
    suggestion = suggested(tmp_path, content)
    assert suggestion.document() == document
    assert tomllib.loads(text_of_suggestion(suggestion)) == document


@pytest.mark.parametrize("form", ["{}", "[{}]", "{}\n{}\n"])
def test_cloudevents_need_no_mapping(tmp_path: Path, form: str) -> None:
    event = {"specversion": "1.0", "type": "chat", "source": "/bot", "id": "1", "time": "2026-03-01T10:00:00Z"}
    text = json.dumps(event | {"data": {"conversation_id": "c", "customer_id": "u", "actor": "customer"}})
    with pytest.raises(Refused, match="has CloudEvents, which are read without a mapping") as caught:
        suggested(tmp_path, form.replace("{}", text))
    assert caught.value.code == "mapping_unneeded"


def test_a_country_is_no_author(tmp_path: Path) -> None:
    document = suggested(tmp_path, "id,user,country,sent\n1,u,IN,2026-03-01T10:00:00Z\n").document()
    assert document["actor"] == {"constant": "customer"}


def test_a_file_in_which_nothing_fits_has_placeholders(tmp_path: Path) -> None:
    suggestion = suggested(tmp_path, "colour,size\nred,7\n")
    text = text_of_suggestion(suggestion)
    assert suggestion.missing_fields == ("occurred_at", "conversation_id", "customer_id")
    assert all(f'# {name} = {{ column = "…" }}' in text for name in suggestion.missing_fields)
    assert tomllib.loads(text) == suggestion.document()


def test_a_suggestion_without_newer_keys_is_read_by_the_reader_of_mappings(tmp_path: Path) -> None:
    mapping = mapping_from_document(suggested(tmp_path, CHATS).document())
    assert mapping.columns()["occurred_at"] == "sent at"
