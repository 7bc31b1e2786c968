"""Crawlers: conversations that move or are deleted, and interrupted pulls."""

from collections.abc import Iterator
from typing import NoReturn

import pytest
from tests.support import stand_in_chatwoot as chatwoot
from tests.support import stand_in_freshchat as freshchat
from tests.support.pulls import (
    FolderOfLedger,
    delivered,
    event_ids_of,
    ledger_with,
    pulled,
    source_of,
    task_at,
    without_waiting,
)
from tests.support.stand_in_api import Answer, Answering, ApiRequest, StandInApi

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us
from botmeter.live.pulls.pull import pull
from botmeter.sources.payloads.pull_window import Remaining
from botmeter.sources.platform_api.api_client import TRIES, Bounds, Clocks

pytestmark = pytest.mark.slow

HOUR_US = 3_600_000_000
NOW_US = now_us() // 1_000_000 * 1_000_000
CHATWOOT, FRESHCHAT = source_of("chatwoot"), source_of("freshchat")


@pytest.fixture
def api() -> Iterator[StandInApi]:
    with StandInApi().serving() as served:
        yield served


def account_of(count: int, *, each: int = 1) -> chatwoot.Account:
    """Conversations of which the first was active ten hours ago, each later one an hour later."""
    account = chatwoot.Account(page_size=2)
    for number in range(1, count + 1):
        began_us = NOW_US - (11 - number) * HOUR_US
        conversation = chatwoot.Conversation(number=number, contact=number, began_us=began_us)
        conversation.messages = [
            chatwoot.Message(number=1_000 * number + index, at_us=began_us + index * 1_000_000 + 250_000)
            for index in range(each)
        ]
        account.conversations.append(conversation)
    return account


def test_a_long_conversation_is_read_to_its_beginning(api: StandInApi) -> None:
    account, ledger = account_of(1, each=95), ledger_with(CHATWOOT)
    api.answer = account.answer
    assert pulled(ledger, api, platform="chatwoot").accepted == 96
    assert [query.get("before") for path, query in api.requests if path.endswith("/messages")] == [
        None, "1075", "1055", "1035", "1015", "1000",
    ]  # fmt: skip


def test_a_long_conversation_is_read_back_to_the_start_of_the_window(api: StandInApi) -> None:
    account, ledger = account_of(1, each=95), ledger_with(CHATWOOT)
    api.answer = account.answer
    rest = Remaining(next_us=account.conversations[0].messages[90].at_us + HOUR_US)
    result = pulled(ledger, api, platform="chatwoot", rest=rest)
    assert (result.accepted, result.outside) == (5, 16)
    assert [path for path, _ in api.requests].count("/api/v1/accounts/2/conversations/1/messages") == 1


def test_a_message_of_the_last_minutes_is_left_to_its_webhook(api: StandInApi) -> None:
    account, ledger = account_of(1), ledger_with(CHATWOOT)
    account.conversations[0].messages.append(chatwoot.Message(number=7, at_us=now_us() - 60_000_000))
    api.answer = account.answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.accepted, result.outside) == (2, 1)


def test_a_conversation_that_moves_to_the_front_during_the_pull_is_read_there(api: StandInApi) -> None:
    account, ledger = account_of(6), ledger_with(CHATWOOT)
    moved = account.conversations[0]
    pages = []

    def answer(path: str, request: ApiRequest) -> Answer:
        if path.endswith("/conversations"):
            pages.append(request.query["page"])
            if request.query["page"] == "3" and len(moved.messages) == 1:
                moved.messages.append(chatwoot.Message(number=9_999, at_us=now_us()))
        return account.answer(path, request)

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.conversation_count, result.is_whole) == (6, True)
    assert "message:000000001000" in event_ids_of(ledger)
    assert pages.count("1") > 1


def test_an_interrupted_pull_is_continued_at_its_end(api: StandInApi) -> None:
    account, ledger = account_of(6), ledger_with(CHATWOOT)
    api.answer = account.answer
    first = pulled(ledger, api, platform="chatwoot", bounds=Bounds(requests_max=7))
    assert (first.code, first.conversation_count) == ("pull_bound", 2)
    assert len(event_ids_of(ledger)) == 4
    api.requests.clear()
    second = pulled(ledger, api, platform="chatwoot", rest=first.rest)
    assert second.is_whole
    assert len(event_ids_of(ledger)) == 12
    # Only the conversation at the interruption is read again.
    assert second.conversation_count == 5


def test_events_pulled_before_a_failure_stay(api: StandInApi) -> None:
    account, ledger = account_of(3), ledger_with(CHATWOOT)
    api.answer = account.answer
    api.faults.extend(["take"] * 4 + [(500, {})] * TRIES)
    first = pulled(ledger, api, platform="chatwoot")
    assert (first.code, len(event_ids_of(ledger))) == ("pull_failed", 2)
    assert pulled(ledger, api, platform="chatwoot", rest=first.rest).is_whole
    assert len(event_ids_of(ledger)) == 6


def test_a_pull_without_access_leaves_all_work(api: StandInApi) -> None:
    api.answer = account_of(1).answer
    api.faults.append((401, {}))
    result = pulled(ledger_with(CHATWOOT), api, platform="chatwoot", rest=Remaining(next_us=NOW_US))
    assert (result.code, result.rest.due_us) == ("pull_token_wrong", NOW_US - HOUR_US)


def test_a_deleted_conversation_is_skipped(api: StandInApi) -> None:
    account, ledger = account_of(2), ledger_with(CHATWOOT)

    def answer(path: str, request: ApiRequest) -> Answer:
        return (404, {}) if "/2/messages" in path else account.answer(path, request)

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.conversation_count, result.is_whole) == (1, True)


def saying(body: bytes) -> Answering:
    def answer(path: str, request: ApiRequest) -> tuple[int, bytes]:
        return 200, body

    return answer


def test_an_answer_in_another_format_is_an_error(api: StandInApi) -> None:
    for body in (b"<html>Sign in</html>", b"[]", b'{"payload": 3}'):
        api.answer = saying(body)
        for platform, source in (("chatwoot", CHATWOOT), ("freshchat", FRESHCHAT)):
            result = pulled(ledger_with(source), api, platform=platform)
            assert result.code == "payload_not_understood"


def test_an_unreadable_message_is_quarantined_whole(api: StandInApi) -> None:
    account, ledger = account_of(1), ledger_with(CHATWOOT)

    def answer(path: str, request: ApiRequest) -> Answer:
        status, result = account.answer(path, request)
        if path.endswith("/messages") and "before" not in request.query:
            result["payload"].append({"id": 5, "message_type": 77, "created_at": NOW_US // 1_000_000 - 900})
        return status, result

    api.answer = answer
    result = pulled(ledger, api, platform="chatwoot")
    assert (result.accepted, result.refused) == (2, 1)
    (row,) = ledger.connection.execute("SELECT code FROM quarantine").fetchall()
    assert row == ("payload_not_understood",)


def test_events_for_a_busy_ledger_are_pulled_the_next_time(api: StandInApi) -> None:
    ledger = ledger_with(CHATWOOT)
    api.answer = account_of(2).answer

    class BusyFolder(FolderOfLedger):
        def ledger(self, name: str) -> NoReturn:
            raise Unavailable("ledger_busy", f"The ledger of {name} is in use.")

    result = pull(task_at(api.url, "chatwoot"), folder=BusyFolder(ledger), clocks=Clocks(pause=without_waiting))
    assert result.code == "ledger_busy"
    assert pulled(ledger, api, platform="chatwoot", rest=result.rest).accepted == 4


def team() -> freshchat.Team:
    result = freshchat.Team()
    for index in range(3):
        at_us = NOW_US - (5 - index) * HOUR_US
        messages = [
            freshchat.Message(number=f"m-{index}-{number:03}", at_us=at_us + number * 1_000) for number in range(120)
        ]
        result.conversations.append(freshchat.Conversation(number=f"c-{index}", user=f"u-{index}", messages=messages))
    return result


def test_freshchat_lists_conversations_of_changed_users(api: StandInApi) -> None:
    ledger = ledger_with(FRESHCHAT)
    api.answer = team().answer
    result = pulled(ledger, api, platform="freshchat", rest=Remaining(next_us=NOW_US - 8 * HOUR_US))
    assert (result.conversation_count, result.accepted) == (3, 360)


def test_known_conversations_of_freshchat_are_read_although_no_user_changed(api: StandInApi) -> None:
    ledger, result = ledger_with(FRESHCHAT), team()
    result.unchanged = {"u-0", "u-1", "u-2"}
    api.answer = result.answer
    webhooks = result.webhooks()
    delivered(ledger, [webhooks[0], webhooks[130]], source=FRESHCHAT)
    result = pulled(ledger, api, platform="freshchat", rest=Remaining(next_us=NOW_US - 8 * HOUR_US))
    assert (result.conversation_count, result.known, result.accepted) == (2, 2, 238)


def test_interrupted_pulls_of_freshchat_are_complete_in_the_end(
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
