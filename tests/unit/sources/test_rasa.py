"""Rasa's events in every form: each field's key, each trap, and that all forms give the same events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.payloads import checked_refusal, events_of, payloads_like, read_all

from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.platforms.rasa.events import file_reader, read_payload
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

SOURCE = Source(name="helper", platform="rasa", bot_id="default bot", channel="site")
SILENT = Source(name="helper", platform="rasa")
MADE_BY = {"model_id": "0aa1", "assistant_id": "pizza"}


def user(**fields: object) -> dict[str, Any]:
    return {
        "event": "user",
        "timestamp": 1790000000.1234567,
        "text": "hello",
        "message_id": "m1",
        "input_channel": "telegram",
        "metadata": MADE_BY,
        "parse_data": {"intent": {"name": "greet", "confidence": 0.98}},
        **fields,
    }


def bot(**fields: object) -> dict[str, Any]:
    data = {"buttons": None, "image": None}
    return {"event": "bot", "timestamp": 1790000001.5, "text": "Hi!", "data": data, "metadata": MADE_BY, **fields}


def post(event: dict[str, Any], sender: str = "ann") -> dict[str, Any]:
    return {"sender_id": sender, **event}


CONVERSATION = [
    {"event": "action", "timestamp": 1790000000.0, "name": "action_session_start"},
    {"event": "session_started", "timestamp": 1790000000.0, "metadata": MADE_BY},
    user(),
    bot(),
    bot(text="Anything else?"),
    {"event": "slot", "timestamp": 1790000002.0, "name": "requested_slot", "value": "size"},
    user(message_id=None, timestamp=1790000003.25, text="large"),
    bot(timestamp=1790000003.25, text=None, data={"image": "https://example.com/p.png"}),
    {"event": "session_started", "timestamp": 1790009000.0, "metadata": MADE_BY},
]


def test_an_event_of_a_user_fills_each_field_from_its_key() -> None:
    result = read_all(post(user()), source=SOURCE).event
    assert result.pop("event_id").startswith("user-")
    assert result == {
        "occurred_at": "2026-09-21T14:13:20.123456Z",
        "conversation_id": "helper:ann",
        "customer_id": "helper:ann",
        "actor": "customer",
        "kind": "message",
        "bot_id": "pizza",
        "bot_version": "0aa1",
        "channel": "telegram",
    }


@pytest.mark.parametrize(
    ("event", "actor", "kind"),
    [
        (user(), "customer", "message"),
        (bot(), "bot", "message"),
        ({"event": "session_started", "timestamp": 1}, "system", "conversation_created"),
        ({"event": "flow_started", "timestamp": 1, "flow_id": "pattern_human_handoff"}, "bot", "handoff"),
    ],
)
def test_an_events_type_is_its_actor_and_kind(event: dict[str, Any], actor: str, kind: str) -> None:
    result = read_all(post(event), source=SOURCE).event
    assert (result["actor"], result["kind"]) == (actor, kind)


@pytest.mark.parametrize("kind", ["action", "slot", "user_featurization", "active_loop", "restart", "flow_started"])
def test_all_else_that_rasa_logs_never_counts(kind: str) -> None:
    result = read_all(post({"event": kind, "timestamp": 1, "name": "any", "value": 1}), source=SOURCE)
    assert (result.events, result.ignored) == ([], (f"An event of type {kind} never counts.",))


@pytest.mark.parametrize("text", ["/session_start", "/restart", ' /restart{"slot": "x"} '])
def test_a_command_to_rasa_itself_is_no_message(text: str) -> None:
    assert read_all(post(user(text=text)), source=SOURCE).ignored == ("A command to Rasa itself never counts.",)


@pytest.mark.parametrize("text", ["/greet", "/restart my order", "restart", "/session_started", None])
def test_other_words_with_a_slash_and_buttons_are_messages(text: str | None) -> None:
    assert read_all(post(user(text=text)), source=SOURCE).event["kind"] == "message"


def test_a_customers_million_spaces_after_a_command_hold_nobody_up() -> None:
    # With backtracking, these would take hours, and every other request would wait.
    text = "/restart" + " " * 1_000_000 + "now"
    assert read_all(post(user(text=text)), source=SOURCE).event["kind"] == "message"


@pytest.mark.parametrize("event", [user(text="EXTERNAL: remind"), user(text="remind", metadata={"is_external": True})])
def test_an_intent_that_a_program_triggered_is_no_customers_message(event: dict[str, Any]) -> None:
    assert read_all(post(event), source=SOURCE).events == []


def test_a_ticket_is_the_value_of_the_slot_that_the_source_names() -> None:
    source = Source(name="helper", platform="rasa", options=(("ticket_slot", "case"),))
    result = read_all(
        post({"event": "slot", "timestamp": 5, "name": "case", "value": 8812}),
        post({"event": "slot", "timestamp": 6, "name": "case", "value": None}),
        source=source,
    )
    assert (result.event["kind"], result.event["ticket_id"], result.event["actor"]) == (
        "ticket_linked",
        "8812",
        "system",
    )


@pytest.mark.parametrize("channel", ["inspector", "cmdline", "rasa"])
def test_events_of_rasas_own_tools_are_previews(channel: str) -> None:
    assert read_all(post(user(input_channel=channel)), source=SOURCE).event["preview"] is True
    listed = Source(name="h", platform="rasa", options=(("preview_channels", "lab, telegram"),))
    assert "preview" not in read_all(post(user(input_channel=channel)), source=listed).event
    assert read_all(post(user()), source=listed).event["preview"] is True


@pytest.mark.parametrize(("environment", "preview"), [("development", True), ("production", False), (None, None)])
def test_the_environment_tells_a_preview(environment: str | None, preview: bool | None) -> None:
    result = read_all(post(user(rasa_environment=environment)), source=SOURCE).event
    assert result.get("preview") is preview


@pytest.mark.parametrize(
    ("metadata", "identities", "expected"),
    [
        ({}, (), ("default bot", None)),
        ({"model_id": "9"}, (), ("default bot", "9")),
        (MADE_BY, (), ("pizza", "0aa1")),
        (MADE_BY, (BotIdentity(sender="pizza", bot_id="p", bot_version="v3"),), ("p", "v3")),
    ],
)
def test_the_bot_is_the_assistant_and_its_version_the_model(metadata: Any, identities: Any, expected: Any) -> None:
    source = Source(name="h", platform="rasa", bot_id="default bot", identities=identities)
    result = read_all(post(bot(metadata=metadata)), source=source).event
    assert (result["bot_id"], result.get("bot_version")) == expected


@pytest.mark.parametrize(("metadata", "bot"), [(MADE_BY, "pizza"), ({}, None)])
def test_the_sources_bot_is_not_that_of_the_systems_events(metadata: Any, bot: str | None) -> None:
    started = post({"event": "session_started", "timestamp": 1, "metadata": metadata})
    assert read_all(started, source=SOURCE).event.get("bot_id") == bot


def forms() -> dict[str, list[object]]:
    """The same conversation as posts of the broker, as dumps, and as rows of the tracker store."""
    posts = [post(event) for event in CONVERSATION]
    rows = [
        {"sender_id": "ann", "type_name": event["event"], "timestamp": 1, "data": json.dumps(event)}
        for event in CONVERSATION
    ]
    return {
        "posts": list(posts),
        "an array of posts": [posts],
        "lines of posts": [b"\n".join(json.dumps(each).encode() for each in posts) + b"\n"],
        "a tracker": [{"sender_id": "ann", "events": CONVERSATION}],
        "an older tracker": [{"name": "ann", "events": CONVERSATION}],
        "trackers": [[{"sender_id": "ann", "events": CONVERSATION[:4]}, {"sender_id": "ann", "events": CONVERSATION}]],
        "rows": list(rows),
        "rows with objects": [[row | {"data": event} for row, event in zip(rows, CONVERSATION, strict=True)]],
        "lines of rows": [b"\n".join(json.dumps(row).encode() for row in rows)],
    }


@pytest.mark.parametrize("form", list(forms()))
def test_every_form_gives_the_same_events(form: str) -> None:
    expected = read_all(*forms()["posts"], source=SOURCE)
    result = read_all(*forms()[form], source=SOURCE)
    assert {event["event_id"]: event for event in result.events} == {
        event["event_id"]: event for event in expected.events
    }
    assert len(set(expected.ids)) == len(expected.ids) == 7
    assert {event["conversation_id"] for event in result.events} == {"helper:ann"}


@given(st.data())
def test_any_cut_and_order_of_the_posts_gives_the_same_ids(data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([post(event) for event in CONVERSATION]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    pieces = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    source = data.draw(st.sampled_from([SOURCE, SILENT]))
    assert set(read_all(*pieces, source=source).ids) == set(read_all(*forms()["posts"], source=source).ids)


def test_without_a_channel_of_the_source_a_bot_has_that_of_the_message_before_it() -> None:
    events = [
        bot(timestamp=1),
        user(timestamp=2),
        bot(timestamp=2),
        user(timestamp=9, input_channel="web"),
        bot(timestamp=8),
    ]
    other = {"sender_id": "ben", "events": [bot(timestamp=5)], "latest_input_channel": "sms"}
    result = read_all([{"sender_id": "ann", "events": events}, other], source=SILENT)
    assert [event["channel"] for event in result.events] == [
        "unknown",
        "telegram",
        "telegram",
        "web",
        "telegram",
        "sms",
    ]
    assert [event["channel"] for event in read_all(post(bot()), source=SILENT).events] == ["unknown"]


def dump_and_table() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A talk that opens with a greeting, as a tracker and as rows of the SQL table."""
    events = [
        {"event": "session_started", "timestamp": 1},
        bot(timestamp=2, text="Welcome"),
        user(timestamp=3, input_channel="rest"),
        bot(timestamp=4),
        {"event": "slot", "timestamp": 5, "name": "case", "value": "T-1"},
    ]
    tracker = {"sender_id": "ann", "events": events, "latest_input_channel": "rest"}
    rows = [
        {"id": n, "sender_id": "ann", "type_name": each["event"], "timestamp": 1.0, "data": json.dumps(each)}
        for n, each in enumerate(events)
    ]
    return tracker, rows


def test_a_tracker_and_the_table_tell_the_same_events_without_a_channel_of_the_source(tmp_path: Any) -> None:
    source = Source(name="helper", platform="rasa", options=(("ticket_slot", "case"),))
    tracker, rows = dump_and_table()
    told = read_all(tracker, source=source).events
    assert [event["channel"] for event in told] == ["unknown", "unknown", "rest", "rest", "unknown"]
    assert read_all(rows, source=source).events == told
    assert read_all({"events": rows}, source=source).events == told
    quoted = [",".join(f'"{str(each).replace(chr(34), chr(34) * 2)}"' for each in row.values()) for row in rows]
    path = tmp_path / "events.csv"
    path.write_text("\n".join([",".join(rows[0]), *quoted]))
    assert events_of(list(batches_of_source(SourceFile(path=str(path)), source))) == told


def test_a_channel_applies_to_the_later_pieces_of_a_file() -> None:
    read = file_reader()
    first = read(json.dumps([post(user()), post(user(input_channel="web"), "ben")]).encode(), SILENT)
    later = read(json.dumps([post(bot()), post(bot(), "ben"), post(bot(), "eve")]).encode(), SILENT)
    assert [record.fields["channel"] for record in first.records] == ["telegram", "web"]
    assert [record.fields["channel"] for record in later.records] == ["telegram", "web", None]
    alone = read_payload(json.dumps(post(bot())).encode(), SILENT)
    assert [record.fields["channel"] for record in alone.records] == [None]


def test_several_answers_at_one_instant_are_several_events_and_one_sent_twice_is_one() -> None:
    first, second = post(bot(text="one")), post(bot(text="two"))
    assert len(set(read_all(first, second, source=SOURCE).ids)) == 2
    assert len(set(read_all(first, first, source=SOURCE).ids)) == 1


def test_times_keep_the_digits_that_a_float_would_lose() -> None:
    result = read_all(b'{"sender_id": "a", "event": "bot", "timestamp": 1790000000.000001}', source=SOURCE)
    assert result.event["occurred_at"] == "2026-09-21T14:13:20.000001Z"


@pytest.mark.parametrize(
    ("inside", "actor", "kind"),
    [
        ({"user": {"text": "hi", "input_channel": "web"}}, "customer", "message"),
        ({"bot": {"text": "hello"}}, "bot", "message"),
        ({"session_started": {}}, "system", "conversation_created"),
        ({"memory_set": {"name": "case", "value_json": '"T-1"'}}, "system", "ticket_linked"),
    ],
)
def test_the_nested_shape_is_read_by_its_own_ids(inside: dict[str, Any], actor: str, kind: str) -> None:
    source = Source(name="helper", platform="rasa", bot_id="b", options=(("ticket_slot", "case"),))
    envelope = {
        "conversation_id": "c-9",
        "timestamp": "2026-09-21T14:13:20.5Z",
        "event_id": "ev-1",
        "sequence": 3,
        "user_id": "ann",
        "deployment_environment": "development",
    }
    result = read_all(envelope | inside, source=source).event
    assert (result["actor"], result["kind"], result["preview"]) == (actor, kind, True)
    assert (result["conversation_id"], result["customer_id"]) == ("helper:c-9", "helper:ann")
    assert result["occurred_at"] == "2026-09-21T14:13:20.500Z"
    assert result.get("ticket_id") == ("T-1" if kind == "ticket_linked" else None)
    assert read_all(envelope | inside | {"timestamp": 1790000000.5}, source=source).event == result


def test_what_else_the_nested_shape_tells_never_counts() -> None:
    envelope = {"conversation_id": "c", "timestamp": 1, "event_id": "e", "skill_activated": {"skill": "s"}}
    assert read_all(envelope, source=SOURCE).ignored == ("An event of type skill_activated never counts.",)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"7",
        b'{"sender_id": "a"}\n{"sender',
        {"event": "message_created", "id": 1, "account": {"id": 1}},
        {"slots": {}, "events": CONVERSATION},
        {"sender_id": "a", "events": [1]},
        {"sender_id": "a", "timestamp": 1, "type_name": "user", "data": "{"},
        {"sender_id": "a", "timestamp": 1, "type_name": "user", "data": "[]"},
        {"sender_id": "a", "timestamp": 1},
        [post(user()), {"event": "user"}],
    ],
)
def test_a_payload_in_another_format_is_quarantined_whole(payload: object) -> None:
    assert read_all(payload, source=SOURCE).codes == ["payload_not_understood"]


def test_an_event_without_a_time_is_refused_alone_and_can_be_read_again() -> None:
    result = read_all([post(bot(timestamp=None)), post(user())], source=SILENT)
    assert (result.codes, len(result.events)) == (["field_missing"], 1)
    assert read_all(result.rejections[0].raw, source=SILENT).codes == ["field_missing"]


@pytest.mark.parametrize("form", ["lines", "array", "table"])
def test_a_file_gives_what_the_requests_gave(form: str, tmp_path: Any) -> None:
    posts = [post(event) for event in CONVERSATION]
    quoted = [json.dumps(event).replace('"', '""') for event in CONVERSATION]
    rows = [f'{n},ann,{event["event"]},1,\\N,"{quoted[n]}"' for n, event in enumerate(CONVERSATION)]
    content = {
        "lines": "\n".join(json.dumps(each) for each in posts),
        "array": json.dumps(posts),
        "table": "\n".join(["id,Sender_ID,type_name,timestamp,intent_name,data", *rows]),
    }[form]
    path = tmp_path / "events"
    path.write_text(content)
    result = list(batches_of_source(SourceFile(path=str(path)), SOURCE))
    assert events_of(result) == read_all(posts, source=SOURCE).events
    assert any("type action never counts" in note for batch in result for note in batch.notes)


def test_a_broken_line_of_a_file_sinks_no_other(tmp_path: Any) -> None:
    path = tmp_path / "events"
    path.write_text("\n".join([json.dumps(post(user())), '{"sender_id": "a"}', json.dumps(post(bot()))]))
    result = list(batches_of_source(SourceFile(path=str(path)), SOURCE))
    assert len(events_of(result)) == 2
    assert [(each.index, each.code) for batch in result for each in batch.rejections] == [(1, "payload_not_understood")]


@given(payloads_like(post(user()), {"sender_id": "a", "events": CONVERSATION[:4]}, {"event_id": "e", "bot": {}}))
def test_any_payload_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)
