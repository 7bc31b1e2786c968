"""Bot Framework's activities: each field's mapping, and each trap."""

import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import checked_refusal, events_of, payloads_like, read_all

from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

SOURCE = Source(name="desk", platform="botframework")
ANN = {"id": "29:ann", "name": "Ann", "role": "user"}
BOT = {"id": "28:helper", "name": "Helper", "role": "bot"}


def activity(**fields: object) -> dict[str, Any]:
    whole = {
        "type": "message",
        "id": "1",
        "timestamp": "2026-09-21T14:13:20.1234567Z",
        "channelId": "directline",
        "conversation": {"id": "c1"},
        "from": ANN,
        "recipient": BOT,
        "text": "hello",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def answer(**fields: object) -> dict[str, Any]:
    return activity(**{"from": BOT, "recipient": ANN, "id": "2", "text": "Hi!"} | fields)


def without(party: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in party.items() if name not in names}


def test_a_message_fills_each_field_from_its_key() -> None:
    result = read_all(activity(localTimestamp="2026-09-21T22:13:20+08:00"), source=SOURCE).event
    assert result.pop("event_id").startswith("message-")
    assert result == {
        "occurred_at": "2026-09-21T14:13:20.123456Z",
        "conversation_id": "desk:directline:c1",
        "customer_id": "desk:directline:29:ann",
        "actor": "customer",
        "kind": "message",
        "bot_id": "28:helper",
        "bot_name": "Helper",
        "channel": "directline",
    }


def test_a_bots_message_is_of_the_same_customer_and_bot() -> None:
    question, answered = read_all([activity(), answer()], source=SOURCE).events
    assert answered["actor"] == "bot"
    for field in ("customer_id", "conversation_id", "bot_id", "bot_name", "channel"):
        assert answered[field] == question[field]


@pytest.mark.parametrize(
    "kind", ["typing", "trace", "event", "invoke", "messageUpdate", "messageDelete", "messageReaction"]
)
def test_activities_that_say_nothing_never_count(kind: str) -> None:
    result = read_all([activity(), activity(type=kind)], source=SOURCE)
    assert (len(result.events), result.ignored) == (1, (f"An activity of type {kind} never counts.",))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"type": "endOfConversation"}, "resolved"),
        ({"type": "event", "name": "handoff.initiate"}, "handoff"),
        ({"type": "conversationUpdate"}, "conversation_updated"),
    ],
)
def test_ends_and_updates_are_the_systems(fields: dict[str, Any], kind: str) -> None:
    result = read_all([activity(), activity(id="7", **fields)], source=SOURCE).events[1]
    assert (result["actor"], result["kind"], result["customer_id"]) == ("system", kind, "desk:directline:29:ann")


def test_an_updates_sender_is_no_customer_for_it_can_be_the_conversation() -> None:
    update = activity(type="conversationUpdate", id="0", **{"from": {"id": "c1"}}, membersAdded=[BOT])
    assert read_all(update, source=SOURCE).events == []
    result = read_all([update, answer(), activity()], source=SOURCE).events
    assert {event["customer_id"] for event in result} == {"desk:directline:29:ann"}


def test_an_end_alone_is_of_the_side_that_is_no_bot_or_of_the_conversation() -> None:
    ended = activity(type="endOfConversation")
    assert read_all(ended, source=SOURCE).event["customer_id"] == "desk:directline:29:ann"
    result = read_all(activity(type="endOfConversation", recipient=None, **{"from": {"id": "x"}}), source=SOURCE).event
    assert result["customer_id"] == result["conversation_id"]
    assert result["attributes"] == '{"customer_source":"conversation"}'


def test_the_sources_bot_replaces_an_unnamed_one_except_in_events_of_the_system() -> None:
    source = Source(name="d", platform="botframework", bot_id="d")
    question = activity(recipient=None)
    events = read_all(
        [question, activity(id="7", type="conversationUpdate"), activity(type="endOfConversation")], source=source
    )
    assert [event.get("bot_id") for event in events.events] == ["d", None, "28:helper"]


PLAIN_ANN, PLAIN_BOT = {"id": "ann"}, {"id": "helper"}


@pytest.mark.parametrize(
    "around",
    [
        [activity(id="9", type="conversationUpdate", membersAdded=[PLAIN_BOT | {"role": "bot"}], **{"from": None})],
        [activity(id="9", type="conversationUpdate", recipient=PLAIN_BOT, **{"from": {"id": "c1"}})],
        [activity(id="9", recipient=PLAIN_BOT, **{"from": PLAIN_ANN | {"role": "user"}})],
        [activity(id="9", replyToId="1", recipient=PLAIN_ANN, **{"from": PLAIN_BOT})],
    ],
)
def test_the_bot_is_recognized_from_the_other_activities(around: list[dict[str, Any]]) -> None:
    sides: dict[str, Any] = {"from": PLAIN_ANN, "recipient": PLAIN_BOT}
    question = activity(id="10", **sides)
    answered = activity(id="11", **{"from": PLAIN_BOT, "recipient": PLAIN_ANN})
    result = {
        event["event_id"]: event["actor"] for event in read_all([question, *around, answered], source=SOURCE).events
    }
    for alone, actor in ((question, "customer"), (answered, "bot")):
        listed = Source(name="desk", platform="botframework", identities=(BotIdentity(sender="helper", bot_id="h"),))
        event = read_all(alone, source=listed).event
        assert (event["actor"], result[event["event_id"]], event["bot_id"]) == (actor, actor, "h")


def test_a_message_without_a_known_bot_is_quarantined_with_advice() -> None:
    alone = activity(**{"from": {"id": "p", "name": "Pat"}, "recipient": {"id": "q"}})
    (rejection,) = read_all(alone, source=SOURCE).rejections
    assert rejection.code == "payload_not_understood"
    assert "'Pat'" in rejection.detail
    assert "bot identities" in rejection.detail


def test_in_teams_a_bots_id_tells_it() -> None:
    sides: dict[str, Any] = {"from": {"id": "29:p"}, "recipient": {"id": "28:app"}}
    assert read_all(activity(channelId="msteams", **sides), source=SOURCE).event["actor"] == "customer"


def test_the_listed_bot_goes_before_the_platforms_own() -> None:
    source = Source(
        name="d",
        platform="botframework",
        identities=(BotIdentity(sender="Helper", bot_id="h", bot_version="4"),),
    )
    result = read_all(activity(), source=source).event
    assert (result["bot_id"], result["bot_name"], result["bot_version"]) == ("h", "Helper", "4")


def test_equal_activity_ids_of_two_conversations_are_two_events() -> None:
    later = "2026-09-21T14:13:21Z"
    alike = [
        activity(),
        activity(timestamp=later),
        activity(conversation={"id": "c2"}),
        activity(channelId="webchat"),
        activity(type="endOfConversation"),
    ]
    assert len(set(read_all(alike, source=SOURCE).ids)) == len(alike)


def test_a_file_written_with_fewer_decimals_gives_the_same_ids() -> None:
    short, long = (activity(timestamp=f"2026-09-21T14:13:20.{digits}Z") for digits in ("12", "1200000"))
    assert read_all(short, source=SOURCE).ids == read_all(long, source=SOURCE).ids


def test_an_id_that_the_logger_made_up_is_not_what_the_activity_is_known_by() -> None:
    ids = {read_all(activity(id=made_up), source=SOURCE).ids[0] for made_up in ("g_5f0c", "g_77aa", None)}
    assert len(ids) == 1
    assert read_all(activity(id="g_1", text="other"), source=SOURCE).ids[0] not in ids


def test_an_activity_inside_another_one_is_ignored() -> None:
    trace = activity(type="trace", value=activity(id="inner"), attachments=[activity(id="deeper")])
    assert read_all([activity(), trace], source=SOURCE).ids == read_all(activity(), source=SOURCE).ids


@pytest.mark.parametrize(
    ("channel", "preview"), [("emulator", True), ("chatdown", True), ("test", True), ("msteams", None)]
)
def test_traffic_of_tools_is_a_preview(channel: str, preview: bool | None) -> None:
    assert read_all(activity(channelId=channel), source=SOURCE).event.get("preview") is preview


def test_a_missing_channel_becomes_the_sources() -> None:
    source = Source(name="d", platform="botframework", channel="kiosk")
    assert read_all(activity(channelId=None), source=source).event["channel"] == "kiosk"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[1]",
        {"type": "event_callback", "event": {"type": "message"}},
        {"type": "message", "conversation": "c1"},
        [activity(), {"type": "message"}],
        {"value": {"value": {"value": []}}},
    ],
)
def test_a_payload_without_activities_is_quarantined_whole(payload: object) -> None:
    assert read_all(payload, source=SOURCE).codes == ["payload_not_understood"]


def test_an_activity_without_a_time_is_refused_alone_and_can_be_read_again() -> None:
    result = read_all([activity(timestamp=None), answer()], source=SOURCE)
    assert (result.codes, len(result.events)) == (["field_missing"], 1)
    assert read_all(result.rejections[0].raw, source=SOURCE).codes == ["field_missing"]


def capitalized(value: Any) -> Any:
    if isinstance(value, list):
        return [capitalized(each) for each in value]
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: capitalized(each) for name, each in value.items()}
    return value


def test_keys_in_capitals_are_read_like_the_usual_ones() -> None:
    talk = [activity(id="0", type="conversationUpdate", membersAdded=[BOT]), activity(), answer()]
    usual = read_all(talk, source=SOURCE)
    assert read_all(capitalized(talk), source=SOURCE).events == usual.events
    assert read_all(capitalized(talk[1]), source=SOURCE).events == [usual.events[1]]
    untimed = read_all(capitalized(activity(timestamp=None)), source=SOURCE).rejections
    assert read_all(untimed[0].raw, source=SOURCE).codes == ["field_missing"]


def transcript_read(path: Any) -> list[dict[str, Any]]:
    return events_of(list(batches_of_source(SourceFile(path=str(path)), SOURCE)))


def test_a_transcript_is_one_payload_with_or_without_a_bom_and_twice_the_same(tmp_path: Any) -> None:
    talk = [activity(id="0", type="conversationUpdate", recipient=PLAIN_BOT, **{"from": {"id": "c1"}})]
    talk += [activity(id=str(n), recipient=PLAIN_BOT, **{"from": PLAIN_ANN}) for n in range(1, 5)]
    path = tmp_path / "talk.transcript"
    for start in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(start + json.dumps(talk, indent=2).encode())
        assert transcript_read(path) == read_all(talk, source=SOURCE).events
    assert len(transcript_read(path)) == 5


def test_activities_one_a_line_explain_one_another_too(tmp_path: Any) -> None:
    path = tmp_path / "activities"
    addressed = activity(id="9", recipient=PLAIN_BOT, **{"from": PLAIN_ANN | {"role": "user"}})
    lines = [activity(id="1", recipient=PLAIN_BOT, **{"from": PLAIN_ANN}), addressed]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert [event["actor"] for event in transcript_read(path)] == ["customer", "customer"]


@given(payloads_like([activity(), answer()], activity(type="conversationUpdate", membersAdded=[BOT])))
def test_any_payload_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)
