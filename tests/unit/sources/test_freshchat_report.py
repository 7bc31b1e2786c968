"""Freshchat's raw reports: columns known by many names, alone or in a ZIP; errors list the columns."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import events_of
from tests.unit.sources.test_freshchat import SOURCE, message

from botmeter.domain.errors import BotmeterError
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

HEADER = "Message ID,Conversation ID,User ID,Created At,Sender Type,Sender ID,Sender Name,Channel,Message Type"
ROWS = [
    'm1,c1,u1,2026-09-21T14:00:00Z,User,u1,"Ines, B.",WhatsApp,normal',
    "m2,c1,u1,2026-09-21 14:00:02,Agent,ag-bot,Helper,WhatsApp,normal",
    "m3,c1,u1,2026-09-21T14:00:03.5Z,agent,ag-1,Noor,WhatsApp,private",
    "m4,c1,u1,2026-09-21T16:00:04+02:00,agent,ag-1,Noor,WhatsApp,normal",
    "m5,c1,,2026-09-21T14:00:05Z,Bot,bo-9,Flow,,normal",
    "m6,c1,u1,2026-09-21T14:00:06Z,System,,,,normal",
]
REPORT = "\n".join([HEADER, *ROWS, ""])


def read(folder: Path, content: bytes) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    path = folder / "report"
    path.write_bytes(content)
    batches = list(batches_of_source(SourceFile(path=str(path), name="report"), SOURCE))
    return events_of(batches), [(each.index, each.code) for batch in batches for each in batch.rejections]


def refusal(folder: Path, content: bytes) -> BotmeterError:
    with pytest.raises(BotmeterError) as caught:
        read(folder, content)
    return caught.value


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return content.getvalue()


def test_each_row_is_a_message_field_by_field(tmp_path: Path) -> None:
    events, refused = read(tmp_path, REPORT.encode())
    assert refused == []
    assert events[0] == {
        "event_id": "m1",
        "occurred_at": "2026-09-21T14:00:00Z",
        "conversation_id": "c1",
        "customer_id": "u1",
        "actor": "customer",
        "kind": "message",
        "bot_id": "order-bot",
        "bot_version": "7",
        "channel": "whatsapp",
    }
    assert [(each["event_id"], each["actor"], each.get("bot_id")) for each in events] == [
        ("m1", "customer", "order-bot"),
        ("m2", "bot", "faq"),
        ("m4", "agent", None),
        ("m5", "bot", "bo-9"),
        ("m6", "system", None),
    ]
    assert [each["occurred_at"][11:19] for each in events] == [
        "14:00:00",
        "14:00:02",
        "14:00:04",
        "14:00:05",
        "14:00:06",
    ]
    assert (events[3]["customer_id"], events[3]["attributes"]) == ("c1", '{"customer_source":"conversation"}')


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_columns_are_known_by_any_of_their_names(delimiter: str, mark: str, tmp_path: Path) -> None:
    header = ["timestamp", "actor_type", "extra", "freshchat_conversation_id", "msg-id", "CONTACT ID"]
    row = ["2026-09-21T14:00:00Z", "end user", "x", "4878", "m1", "u1"]
    text = mark + "\r\n".join(delimiter.join(cells) for cells in (header, row)) + "\r\n"
    events, _ = read(tmp_path, text.encode())
    assert [(each["event_id"], each["conversation_id"], each["customer_id"]) for each in events] == [
        ("m1", "4878", "u1")
    ]


def test_a_zip_gives_the_events_of_the_tables_in_it(tmp_path: Path) -> None:
    second = f"{HEADER}\nm7,c2,u2,2026-09-21T15:00:00Z,User,u2,,web,normal"
    events, refused = read(tmp_path, packed(one_csv=REPORT, read_txt="nothing", two_csv=second + "\nshort,row\n"))
    assert [each["event_id"] for each in events] == ["m1", "m2", "m4", "m5", "m6", "m7"]
    # A row that never counts has its position, too.
    assert refused == [(7, "row_uneven")]


def test_a_report_and_a_webhook_of_one_message_have_one_id(tmp_path: Path) -> None:
    row = "ms-1,co-1,us-1,2026-09-21T14:13:20.250Z,user,us-1,,,normal"
    assert read(tmp_path, f"{HEADER}\n{row}\n".encode())[0] == read(tmp_path, bytes_of(message()))[0]


def bytes_of(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def test_bad_rows_are_refused_by_themselves(tmp_path: Path) -> None:
    rows = [
        "m1,c1,u1,yesterday,User,,,,",
        "m2,c1",
        "",
        "m3,c1,u1,2026-09-21T14:00:00Z,Robot,,,,",
        ROWS[0].replace("m1", "m4"),
    ]
    events, refused = read(tmp_path, "\n".join([HEADER, *rows]).encode())
    assert [each["event_id"] for each in events] == ["m4"]
    assert refused == [(0, "time_invalid"), (1, "row_uneven"), (2, "actor_unknown")]


def test_a_report_without_messages_says_which_columns_it_has(tmp_path: Path) -> None:
    fault = refusal(tmp_path, b"Agent,CSAT Score,Created At\nNoor,5,2026-09-21T14:00:00Z\n")
    assert fault.code == "column_missing"
    assert "its columns are Agent, CSAT Score, Created At." in fault.message
    assert "message's id" in fault.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (packed(read_txt="nothing"), "format_unknown"),
        (packed(one_csv=REPORT)[:-30], "file_damaged"),
        (b"PK\x03\x04", "file_damaged"),
        (b"", "file_empty"),
        ((HEADER + "\nm1," + "x" * (40 << 20)).encode(), "record_too_long"),
    ],
)
def test_a_file_in_another_format_is_refused_whole(content: bytes, code: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, content).code == code
