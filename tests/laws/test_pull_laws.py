"""Laws of pulls: what webhooks lost comes back, once, whatever was lost and in whatever order it comes."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import stand_in_chatwoot as chatwoot
from tests.support import stand_in_freshchat as freshchat
from tests.support.pulls import delivered, event_ids_of, ledger_with, pulled, sessions_of, source_of
from tests.support.stand_in_api import StandInApi

from botmeter.domain.instant import us_from_text
from botmeter.domain.source import BotIdentity
from botmeter.sources.payloads.pulled import pulled_conversation
from botmeter.sources.platforms.registry import connector_of
from support.examples import examples

# The second of each conversation's beginning is its own, and no sum of gaps comes near 24 hours.
START_US = us_from_text("2026-03-01T10:00:00.125Z")
GAPS_MS = (90, 300, 700, 7 * 3_600_000, 25 * 3_600_000)
BOT_USER = {"id": 12, "name": "Helper", "type": "user"}
AGENT_USER = {"id": 3, "name": "Noor", "type": "user"}
CHATWOOT = source_of("chatwoot", identities=(BotIdentity(sender="12", bot_id="orders"),))
FRESHCHAT = source_of("freshchat", identities=(BotIdentity(sender="agent-bot", bot_id="orders"),))
SAID = st.tuples(st.sampled_from(GAPS_MS), st.sampled_from(("customer", "bot", "agent", "note")))
SCRIPTS = st.lists(st.lists(SAID, min_size=1, max_size=24), min_size=1, max_size=5)
LAW = settings(examples(cost=8), suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def api() -> Iterator[StandInApi]:
    """A stand-in; each example says what it answers."""
    with StandInApi().serving() as served:
        yield served


def account_of(scripts: list[list[tuple[int, str]]], **more: Any) -> chatwoot.Account:
    """Conversations of two contacts; ids of messages grow with time within each."""
    account = chatwoot.Account(page_size=2, **more)
    for index, script in enumerate(scripts):
        at_us = START_US + index * 3_000_000
        conversation = chatwoot.Conversation(number=index + 1, contact=70 + index % 2, began_us=at_us)
        for number, (gap_ms, who) in enumerate(script):
            at_us += gap_ms * 1_000
            writes = {"bot": BOT_USER, "agent": AGENT_USER, "note": AGENT_USER}.get(who, {})
            message = chatwoot.Message(
                number=1_000 * (index + 1) + number,
                at_us=at_us,
                form="outgoing" if writes else "incoming",
                is_private=who == "note",
                sender=writes,
            )
            conversation.messages.append(message)
        account.conversations.append(conversation)
    return account


def team_of(scripts: list[list[tuple[int, str]]]) -> freshchat.Team:
    team = freshchat.Team()
    actors = {"bot": ("agent", "agent-bot"), "agent": ("agent", "agent-9"), "note": ("agent", "agent-9")}
    for index, script in enumerate(scripts):
        at_us = START_US + index * 3_000_000
        conversation = freshchat.Conversation(number=f"conv-{index}", user=f"user-{index % 2}")
        for number, (gap_ms, who) in enumerate(script):
            at_us += gap_ms * 1_000
            kind, actor = actors.get(who, ("user", conversation.user))
            form = "private" if who == "note" else "normal"
            message = freshchat.Message(
                number=f"m-{index}-{number:03}", at_us=at_us, actor_type=kind, actor=actor, form=form
            )
            conversation.messages.append(message)
        team.conversations.append(conversation)
    return team


@pytest.mark.slow
@given(scripts=SCRIPTS, data=st.data(), is_reversed=st.booleans())
@LAW
def test_webhooks_of_which_any_were_lost_and_a_pull_are_all_webhooks(
    api: StandInApi, scripts: list[list[tuple[int, str]]], data: st.DataObject, is_reversed: bool
) -> None:
    account = account_of(scripts, is_reversed=is_reversed)
    api.answer = account.answer
    told = account.webhooks()
    came = data.draw(st.lists(st.sampled_from(range(len(told))), unique=True))
    whole, mended = ledger_with(CHATWOOT), ledger_with(CHATWOOT)
    delivered(whole, told, source=CHATWOOT)
    delivered(mended, [told[index] for index in came], source=CHATWOOT)
    before = event_ids_of(mended)
    result = pulled(mended, api, platform="chatwoot")
    assert result.is_whole, result.fault
    assert event_ids_of(mended) == event_ids_of(whole)
    assert sessions_of(mended) == sessions_of(whole)
    assert (result.known, result.accepted) == (len(before), len(event_ids_of(whole)) - len(before))
    assert result.seen == result.known + result.accepted + result.refused + result.ignored + result.outside
    again = pulled(mended, api, platform="chatwoot")
    assert (again.accepted, again.refused) == (0, 0)
    late = delivered(mended, told, source=CHATWOOT)
    assert (late.accepted, late.conflicts) == (0, 0)
    assert sessions_of(mended) == sessions_of(whole)


@pytest.mark.slow
@given(scripts=SCRIPTS, data=st.data())
@LAW
def test_freshchats_webhooks_of_which_any_were_lost_and_a_pull_are_all_webhooks(
    api: StandInApi, scripts: list[list[tuple[int, str]]], data: st.DataObject
) -> None:
    team = team_of(scripts)
    api.answer = team.answer
    told = team.webhooks()
    came = data.draw(st.lists(st.sampled_from(range(len(told))), unique=True))
    whole, mended = ledger_with(FRESHCHAT), ledger_with(FRESHCHAT)
    delivered(whole, told, source=FRESHCHAT)
    delivered(mended, [told[index] for index in came], source=FRESHCHAT)
    result = pulled(mended, api, platform="freshchat")
    assert result.is_whole, result.fault
    assert event_ids_of(mended) == event_ids_of(whole)
    assert sessions_of(mended) == sessions_of(whole)
    assert pulled(mended, api, platform="freshchat").accepted == 0
    late = delivered(mended, told, source=FRESHCHAT)
    assert (late.accepted, late.conflicts) == (0, 0)


def test_the_law_has_something_to_find() -> None:
    account = account_of([[(90, "customer"), (25 * 3_600_000, "customer"), (300, "bot"), (300, "note")]])
    ledger = ledger_with(CHATWOOT)
    receipt = delivered(ledger, account.webhooks(), source=CHATWOOT)
    assert (receipt.accepted, len(sessions_of(ledger))) == (4, 2)
    assert pulled_conversation([], CHATWOOT, read=connector_of("chatwoot").read).seen_count == 0
