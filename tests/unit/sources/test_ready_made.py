"""Ready-made mappings: small exports of each kind → their sessions."""

import json
from pathlib import Path
from typing import Any

import pytest

from botmeter.metering.preset import preset
from botmeter.metering.stateless import metered_files
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.mapping.ready_made import ready_made_mapping, ready_made_mappings
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.suggest.suggested_mapping import suggested_mapping

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


DIALOGFLOW = lines(
    dialogflow_turn(1, "2026-03-01T10:00:00Z", session="s-1", query={"event": {"event": "WELCOME"}}),
    dialogflow_turn(2, "2026-03-01T10:00:05.25Z", session="s-1", query={"text": {"text": "hi"}}),
    dialogflow_turn(3, "2026-03-01T10:00:06Z", session="s-1", query={"text": {"text": "bye"}}),
    dialogflow_turn(1, "2026-03-01T11:00:00Z", session="s-2", query={"dtmf": {"digits": "7"}}),
)
SALESFORCE = """Id,ActorId,ActorType,ConversationId,EntryTime,EntryType
e-1,,System,c-1,2026-03-01T10:00:00.000Z,ChatbotEstablished
e-2,b-1,Bot,c-1,2026-03-01T10:00:01.000Z,Text
e-3,u-1,EndUser,c-1,2026-03-01T10:00:02.000Z,Text
e-4,u-1,EndUser,c-2,2026-03-02T10:00:01.999Z,Text
e-5,u-1,EndUser,c-2,2026-03-02T10:00:02.000Z,Text
"""
ZENDESK = lines(
    *(
        {
            "id": f"e-{number}",
            "detail-type": "Chat: Message Added",
            "detail": {
                "chat_event": {
                    "meta": {"version": "1.0", "occurred_at": at, "ref": f"1-{number}"},
                    "type": kind,
                    "message": {"id": f"m-{number}", "body": "Hello"},
                    "chat": {"ticket_id": 16427, "account_id": 92},
                    "actor": {"id": "77", "type": actor} if actor == "end_user" else {"type": actor},
                }
            },
        }
        for number, (at, kind, actor) in enumerate(
            [
                ("2026-03-01T10:00:00.948Z", "Message Added", "trigger"),
                ("2026-03-01T10:00:01.948Z", "Message Added", "end_user"),
                ("2026-03-01T10:00:02.948Z", "Message Added", "agent"),
                ("2026-03-02T10:00:02.948Z", "Chat Ended", "end_user"),
            ]
        )
    )
)
ADA = lines(
    *(
        {
            "_id": f"m-{number}",
            "chatter_id": "u-1",
            "conversation_id": "c-1",
            "date_created": at,
            "sender": "Ada" if recipient != "Ada" else "u-1",
            "recipient": recipient,
            "message_data": {"body": "Hi"},
        }
        for number, (at, recipient) in enumerate(
            [("2026-03-01T10:00:00", "u-1"), ("2026-03-01T10:00:01+00:00", "Ada"), ("2026-03-01T10:00:02Z", "u-1")]
        )
    )
)
DRIFT = json.dumps(
    [
        {
            "id": 1,
            "conversationId": 9,
            "createdAt": 1772359200000,
            "type": "chat",
            "author": {"type": "user", "bot": True},
        },
        {
            "id": 2,
            "conversationId": 9,
            "createdAt": 1772359201000,
            "type": "chat",
            "author": {"type": "contact", "id": 5},
        },
        {
            "id": 3,
            "conversationId": 9,
            "createdAt": 1772445602000,
            "type": "private_note",
            "author": {"type": "contact"},
        },
    ]
)
COPILOT = """SessionId,StartDateTime,InitialUserMessage,TopicName,ChatTranscript,SessionOutcome,TopicId
0a-1,3/1/2026 11:58:07 PM,store hours,Hours,"User says: store hours; Bot says: Which?;",Resolved,t-1
0a-2,3/2/2026 12:00:00 AM,,,"Bot says: Hello;",Unengaged,
"""
INTERCOM = json.dumps(
    {
        "type": "conversation",
        "id": "c-1",
        "created_at": 1772359200,
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "u-1", "external_id": "x"}]},
        "source": {"type": "conversation", "id": "m-0", "author": {"type": "user", "id": "u-1"}},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [
                {"id": "1", "part_type": "comment", "created_at": 1772359201, "author": {"type": "bot", "id": "b-1"}},
                {"id": "2", "part_type": "comment", "created_at": 1772359202, "author": {"type": "user", "id": "u-1"}},
                {
                    "id": "3",
                    "part_type": "assignment",
                    "created_at": 1772359203,
                    "author": {"type": "admin", "id": "7"},
                },
                {"id": "4", "part_type": "open", "created_at": 1772445602, "author": {"type": "user", "id": "u-1"}},
            ],
        },
    }
)
SMARTSUPP = json.dumps(
    {
        "accountId": 208,
        "channel": {"id": 55, "isChat": True},
        "visitor": {"id": 27, "name": "Dana"},
        "messages": [
            {"type": "trigger", "from": "bot:orders", "content": "May I help?", "sentAt": 1772359200000},
            {"type": "visitor", "from": "visitor:v-27", "content": "Hello", "sentAt": 1772359201001},
            {"type": "agent", "from": "agent:3", "content": "Hi", "sentAt": 1772359202002},
        ],
    },
    indent=2,
)
DISCORD = json.dumps(
    {
        "guild": {"id": "1", "name": "Shop"},
        "channel": {"id": "2", "type": "GuildTextChat", "name": "help"},
        "messages": [
            {
                "id": "10",
                "type": "Default",
                "timestamp": "2026-03-01T10:00:00.123+00:00",
                "author": {"id": "7", "isBot": False},
            },
            {
                "id": "11",
                "type": "Reply",
                "timestamp": "2026-03-01T10:00:01+00:00",
                "author": {"id": "8", "isBot": True},
            },
            {
                "id": "12",
                "type": "GuildMemberJoin",
                "timestamp": "2026-03-01T10:00:02+00:00",
                "author": {"id": "9", "isBot": False},
            },
        ],
    },
    indent=2,
)
DISCORD_CSV = """AuthorID,Author,Date,Content,Attachments,Reactions
"7","dana","2026-03-01T10:00:00.1230000+00:00","hi","",""
"7","dana","2026-03-01T10:00:00.1230000+00:00","hi","",""
"8","Name of your bot#0000","2026-03-01T10:00:01.0000000+00:00","hello","",""
"""
BOTPRESS = json.dumps(
    {
        "messages": [
            {
                "id": "m-1",
                "createdAt": "2026-03-01T10:00:00Z",
                "direction": "incoming",
                "userId": "u-1",
                "conversationId": "c-1",
            },
            {
                "id": "m-2",
                "createdAt": "2026-03-01T10:00:01Z",
                "direction": "outgoing",
                "userId": "b-1",
                "conversationId": "c-1",
            },
        ],
        "meta": {},
    }
)
CRISP = json.dumps(
    {
        "error": False,
        "data": [
            {
                "session_id": "s-1",
                "type": "text",
                "from": "user",
                "origin": "chat",
                "fingerprint": 5,
                "timestamp": 1772359200000,
            },
            {
                "session_id": "s-1",
                "type": "text",
                "from": "operator",
                "origin": "chat",
                "fingerprint": 6,
                "timestamp": 1772359201000,
            },
            {
                "session_id": "s-1",
                "type": "event",
                "from": "user",
                "origin": "chat",
                "fingerprint": 7,
                "timestamp": 1772445602000,
            },
        ],
    }
)
TELEGRAM = json.dumps(
    {
        "name": "Order bot",
        "type": "bot_chat",
        "id": 42,
        "messages": [
            {"id": 1, "type": "service", "date_unixtime": "1772359200", "actor_id": "user7", "action": "create_group"},
            {"id": 2, "type": "message", "date_unixtime": "1772359201", "from_id": "user7", "text": "hi"},
            {"id": 3, "type": "message", "date_unixtime": "1772359202", "from_id": "user0", "text": "hello"},
        ],
    }
)
# Each export with its sessions: customer, start and number of events.
EXPORTS: dict[str, tuple[str, list[Session]]] = {
    "ada": (ADA, [("u-1", "2026-03-01T10:00:01.000000Z", 2)]),
    "copilot-studio-sessions": (COPILOT, [("0a-1", "2026-03-01T23:58:07.000000Z", 1)]),
    "dialogflow-cx": (
        DIALOGFLOW,
        [("s-1", "2026-03-01T10:00:05.250000Z", 2), ("s-2", "2026-03-01T11:00:00.000000Z", 1)],
    ),
    "drift": (DRIFT, [("9", "2026-03-01T10:00:01.000000Z", 1)]),
    "intercom-first-messages": (INTERCOM, [("u-1", "2026-03-01T10:00:00.000000Z", 1)]),
    "salesforce": (
        SALESFORCE,
        [("u-1", "2026-03-01T10:00:02.000000Z", 2), ("u-1", "2026-03-02T10:00:02.000000Z", 1)],
    ),
    "botpress": (BOTPRESS, [("u-1", "2026-03-01T10:00:00.000000Z", 1)]),
    "crisp": (CRISP, [("s-1", "2026-03-01T10:00:00.000000Z", 1)]),
    "discord-csv": (DISCORD_CSV, [("7", "2026-03-01T10:00:00.123000Z", 2)]),
    "discord-json": (DISCORD, [("7", "2026-03-01T10:00:00.123000Z", 1)]),
    "intercom-parts": (
        INTERCOM,
        [("u-1", "2026-03-01T10:00:02.000000Z", 1), ("u-1", "2026-03-02T10:00:02.000000Z", 1)],
    ),
    "smartsupp": (SMARTSUPP, [("27", "2026-03-01T10:00:01.001000Z", 1)]),
    "telegram-desktop": (TELEGRAM, [("user7", "2026-03-01T10:00:01.000000Z", 1)]),
    "zendesk-chat-events": (ZENDESK, [("77", "2026-03-01T10:00:01.948000Z", 1)]),
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


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_recognized(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export"
    path.write_text(EXPORTS[name][0])
    suggestion = suggested_mapping(SourceFile(path=str(path)))
    # A file of conversations holds their first messages too, which are read apart.
    assert name in (suggestion.ready_made, "intercom-first-messages")
    assert suggestion.document() == ready_made_mapping(suggestion.ready_made or "").document


def test_a_better_customer_than_the_conversation_is_kept(tmp_path: Path) -> None:
    turn = dialogflow_turn(1, "2026-03-01T10:00:00Z", session="s-1", query={"text": {"text": "hi"}})
    turn["request"] = json.dumps({"queryInput": {}, "queryParams": {"parameters": {"user_id": "u-1"}}})
    path = tmp_path / "export"
    path.write_text(lines(turn))
    suggestion = suggested_mapping(SourceFile(path=str(path)))
    assert suggestion.ready_made == "dialogflow-cx"
    assert suggestion.document()["customer_id"] == {"column": "request", "pointer": "/queryParams/parameters/user_id"}
