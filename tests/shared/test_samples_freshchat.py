"""Payloads from Freshchat's own documents, of several generations: each is taken for what it is."""

import os
from pathlib import Path

import pytest
from tests.support.payloads import read_all

from botmeter.domain.source import BotIdentity, Source

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "freshchat"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]

AGENT = "1b8d2418-89a3-4de6-b93c-9f6557f13d04"
SOURCE = Source(name="fresh", platform="freshchat", bot_id="b1", channel="web")

EXPECTED = {
    "webhook_2018_message_create_user_oldshape.json": {
        "event_id": "ec0d0db6-55cc-46c7-aaa3-86ad1d9f8e39",
        "occurred_at": "2018-10-19T10:16:07.973Z",
        "conversation_id": "11de8840-6ce8-48ac-a418-7c2ae81a1b57_dbec0910-b4d6-4d81-8015-81f560a918de_feedback",
        "customer_id": "dbec0910-b4d6-4d81-8015-81f560a918de",
        "actor": "customer",
        "kind": "message",
        "bot_id": "b1",
        "channel": "web",
    },
    "webhook_2022_conversation_reopen_user.json": {
        "event_id": "conversation_reopen:911df7d6-f197-4926-9b99-a20def8ad767:487870040076744-1648793439927"
        ":2022-04-01T06:10:40.053Z",
        "occurred_at": "2022-04-01T06:10:40.053Z",
        "conversation_id": "911df7d6-f197-4926-9b99-a20def8ad767",
        "customer_id": "0b8952b8-1c30-42ed-8e99-1f2a7bb0c63b",
        "actor": "customer",
        "kind": "conversation_updated",
        "channel": "web",
    },
    "webhook_2022b_message_create_agent_utf8.json": {
        "event_id": "a834cd45-c463-4644-b254-be920924a998",
        "occurred_at": "2022-11-22T10:55:23.126Z",
        "conversation_id": "35e80ec8-c697-42e4-8ce9-a47a050b1d1a",
        "customer_id": "9047e655-1e83-463e-b1b6-4a44beb1f07f",
        "actor": "agent",
        "kind": "message",
        "channel": "web",
    },
}


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_the_event_that_it_tells_of(name: str) -> None:
    found = read_all((SAMPLES / name).read_bytes(), source=SOURCE)
    assert (found.event, found.codes, found.ignored) == (EXPECTED[name], [], ())


def test_an_agent_on_the_list_of_bots_is_a_bot() -> None:
    listed = Source(
        name="fresh", platform="freshchat", identities=(BotIdentity(sender=AGENT, bot_id="faq", bot_name="FAQ"),)
    )
    content = (SAMPLES / "webhook_2022b_message_create_agent_utf8.json").read_bytes()
    found = read_all(content, source=listed).event
    assert (found["actor"], found["bot_id"], found["bot_name"]) == ("bot", "faq", "FAQ")


@pytest.mark.parametrize("name", EXPECTED)
def test_another_platform_refuses_a_sample_whole(name: str) -> None:
    other = Source(name="desk", platform="chatwoot")
    found = read_all((SAMPLES / name).read_bytes(), source=other)
    assert (found.events, found.codes) == ([], ["payload_not_understood"])
