"""Through a platform's conversations: what moves is met, what is gone is passed by, what was cut off is taken up."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
from tests.support import stand_in_chatwoot as chatwoot
from tests.support import stand_in_freshchat as freshchat
from tests.support.pulls import (
    delivered,
    event_ids_of,
    ledger_with,
    pulled,
    source_of,
    task_at,
    without_waiting,
)
from tests.support.stand_in_api import Answer, Answering, Asked, StandInApi

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us
from botmeter.live.pulls.pull import Ledgers, pull
from botmeter.sources.api_client import TRIES, Bounds, Clocks
from botmeter.sources.pull_window import Remaining

HOUR_US = 3_600_000_000
NOW_US = now_us() // 1_000_000 * 1_000_000
CHATWOOT, FRESHCHAT = source_of("chatwoot"), source_of("freshchat")


@pytest.fixture
def api() -> Iterator[StandInApi]:
    with StandInApi().serving() as served:
        yield served


def desk_of(count: int, *, each: int = 1) -> chatwoot.Desk:
    """Conversations of which the first was active ten hours ago, each later one an hour later."""
    desk = chatwoot.Desk(page_size=2)
    for number in range(1, count + 1):
        began_us = NOW_US - (11 - number) * HOUR_US
        conversation = chatwoot.Conversation(number=number, contact=number, began_us=began_us)
        conversation.messages = [
            chatwoot.Message(number=1_000 * number + place, at_us=began_us + place * 1_000_000 + 250_000)
            for place in range(each)
        ]
        desk.conversations.append(conversation)
    return desk


def test_a_long_conversation_is_read_to_its_beginning(api: StandInApi) -> None:
    desk, ledger = desk_of(1, each=95), ledger_with(CHATWOOT)
    api.answer = desk.answer
    assert pulled(ledger, api, platform="chatwoot").accepted == 96
    assert [query.get("before") for path, query in api.requests if path.endswith("/messages")] == [
        None, "1075", "1055", "1035", "1015", "1000",
    ]  # fmt: skip


def test_a_long_conversation_is_read_as_far_back_as_is_asked(api: StandInApi) -> None:
    desk, ledger = desk_of(1, each=95), ledger_with(CHATWOOT)
    api.answer = desk.answer
    rest = Remaining(next_us=desk.conversations[0].messages[90].at_us + HOUR_US)
    result = pulled(ledger, api, platform="chatwoot", rest=rest)
    assert (result.accepted, result.outside) == (5, 16)
    assert [path for path, _ in api.requests].count("/api/v1/accounts/2/conversations/1/messages") == 1


def test_what_is_minutes_old_is_left_to_its_webhook(api: StandInApi) -> None:
    desk, ledger = desk_of(1), ledger_with(CHATWOOT)
    desk.conversations[0].messages.append(chatwoot.Message(number=7, at_us=now_us() - 60_000_000))
    api.answer = desk.answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.accepted, result.outside) == (2, 1)


def test_a_conversation_that_moves_to_the_front_meanwhile_is_met_there(api: StandInApi) -> None:
    desk, ledger = desk_of(6), ledger_with(CHATWOOT)
    moved = desk.conversations[0]
    seen_pages = []

    def answer(path: str, asked: Asked) -> Answer:
        if path.endswith("/conversations"):
            seen_pages.append(asked.query["page"])
            if asked.query["page"] == "3" and len(moved.messages) == 1:
                moved.messages.append(chatwoot.Message(number=9_999, at_us=now_us()))
        return desk.answer(path, asked)

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.conversation_count, result.is_whole) == (6, True)
    assert "message:000000001000" in event_ids_of(ledger)
    assert seen_pages.count("1") > 1


def test_a_pull_that_was_interrupted_is_taken_up_where_it_ended(api: StandInApi) -> None:
    desk, ledger = desk_of(6), ledger_with(CHATWOOT)
    api.answer = desk.answer
    first = pulled(ledger, api, platform="chatwoot", bounds=Bounds(requests_max=7))
    assert (first.code, first.conversation_count) == ("pull_bound", 2)
    assert len(event_ids_of(ledger)) == 4
    api.requests.clear()
    second = pulled(ledger, api, platform="chatwoot", rest=first.rest)
    assert second.is_whole
    assert len(event_ids_of(ledger)) == 12
    # What was looked at is not looked at again, but for the one that it was cut off after.
    assert second.conversation_count == 5


def test_a_platform_that_fails_has_given_what_it_gave(api: StandInApi) -> None:
    desk, ledger = desk_of(3), ledger_with(CHATWOOT)
    api.answer = desk.answer
    api.ways.extend(["take"] * 4 + [(500, {})] * TRIES)
    first = pulled(ledger, api, platform="chatwoot")
    assert (first.code, len(event_ids_of(ledger))) == ("pull_failed", 2)
    assert pulled(ledger, api, platform="chatwoot", rest=first.rest).is_whole
    assert len(event_ids_of(ledger)) == 6


def test_a_platform_that_gives_nothing_leaves_everything(api: StandInApi) -> None:
    api.answer = desk_of(1).answer
    api.ways.append((401, {}))
    result = pulled(ledger_with(CHATWOOT), api, platform="chatwoot", rest=Remaining(next_us=NOW_US))
    assert (result.code, result.rest.due_us) == ("pull_token_wrong", NOW_US - HOUR_US)


def test_a_deleted_conversation_is_passed_by(api: StandInApi) -> None:
    desk, ledger = desk_of(2), ledger_with(CHATWOOT)

    def answer(path: str, asked: Asked) -> Answer:
        return (404, {}) if "/2/messages" in path else desk.answer(path, asked)

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.conversation_count, result.is_whole) == (1, True)


def saying(body: bytes) -> Answering:
    def answer(path: str, asked: Asked) -> tuple[int, bytes]:
        return 200, body

    return answer


def test_an_answer_that_is_none_of_the_platforms_is_told(api: StandInApi) -> None:
    for body in (b"<html>Sign in</html>", b"[]", b'{"payload": 3}'):
        api.answer = saying(body)
        for platform, source in (("chatwoot", CHATWOOT), ("freshchat", FRESHCHAT)):
            result = pulled(ledger_with(source), api, platform=platform)
            assert result.code == "payload_not_understood"


def test_what_the_connector_does_not_understand_is_kept_whole(api: StandInApi) -> None:
    desk, ledger = desk_of(1), ledger_with(CHATWOOT)

    def answer(path: str, asked: Asked) -> Answer:
        status, found = desk.answer(path, asked)
        if path.endswith("/messages") and "before" not in asked.query:
            found["payload"].append({"id": 5, "message_type": 77, "created_at": NOW_US // 1_000_000 - 900})
        return status, found

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.accepted, result.refused) == (2, 1)
    (kept,) = ledger.connection.execute("SELECT code FROM quarantine").fetchall()
    assert kept == ("payload_not_understood",)


def test_a_ledger_that_is_busy_has_nothing_and_is_given_it_the_next_time(api: StandInApi) -> None:
    ledger = ledger_with(CHATWOOT)
    api.answer = desk_of(2).answer

    @contextmanager
    def busy() -> Iterator[object]:
        raise Unavailable("ledger_busy", "Others write.")
        yield

    ledgers = Ledgers(reading=lambda: nullcontext(ledger), writing=busy)  # type: ignore[arg-type]
    result = pull(task_at(api.url, "chatwoot"), ledgers=ledgers, clocks=Clocks(pause=without_waiting))
    assert result.code == "ledger_busy"
    assert pulled(ledger, api, platform="chatwoot", rest=result.rest).accepted == 4


def team() -> freshchat.Team:
    found = freshchat.Team()
    for place in range(3):
        at_us = NOW_US - (5 - place) * HOUR_US
        messages = [
            freshchat.Message(number=f"m-{place}-{number:03}", at_us=at_us + number * 1_000) for number in range(120)
        ]
        found.conversations.append(freshchat.Conversation(number=f"c-{place}", user=f"u-{place}", messages=messages))
    return found


def test_freshchats_conversations_are_found_through_users_who_changed(api: StandInApi) -> None:
    ledger = ledger_with(FRESHCHAT)
    api.answer = team().answer
    result = pulled(ledger, api, platform="freshchat", rest=Remaining(next_us=NOW_US - 8 * HOUR_US))
    assert (result.conversation_count, result.accepted) == (3, 360)


def test_freshchats_known_conversations_are_asked_for_whoever_changed(api: StandInApi) -> None:
    ledger, found = ledger_with(FRESHCHAT), team()
    found.unchanged = {"u-0", "u-1", "u-2"}
    api.answer = found.answer
    told = found.webhooks()
    delivered(ledger, [told[0], told[130]], source=FRESHCHAT)
    result = pulled(ledger, api, platform="freshchat", rest=Remaining(next_us=NOW_US - 8 * HOUR_US))
    assert (result.conversation_count, result.known, result.accepted) == (2, 2, 238)


def test_freshchats_pull_that_was_interrupted_lacks_nothing_in_the_end(
    api: StandInApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botmeter.sources.platforms.freshchat.crawler._SLICE_MAX", 1)
    ledger = ledger_with(FRESHCHAT)
    api.answer = team().answer
    rest, pulls = Remaining(next_us=NOW_US - 8 * HOUR_US), 0
    while True:
        pulls += 1
        result = pulled(ledger, api, platform="freshchat", rest=rest, bounds=Bounds(requests_max=16))
        rest = result.rest
        if result.is_whole:
            break
    assert pulls > 1
    assert len(event_ids_of(ledger)) == 360
