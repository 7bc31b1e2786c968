"""Entitlements of an account while its ledger is busy, after a restart, and beside other writers."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.ledgers import made_account

from botmeter.domain.account import Account
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.entitlement.account_entitlement import AccountEntitlement, Entitlement
from botmeter.live.entitlement.entitlements import Entitlements, Reading
from botmeter.metering.policy import FRESHCHAT, Policy, Require
from botmeter.metering.scope_states import Message

pytestmark = pytest.mark.slow

MESSAGE = Message("c1", "b1", "web")
NEEDS_A_REPLY = Policy(name="needs-a-reply", max_duration_us=3_600_000_000, require=Require(min_bot=1))


@contextmanager
def entitlements(folder: Path, policy: Policy = FRESHCHAT) -> Iterator[Entitlements]:
    with Folder.owned(folder, purpose="a test") as owned:
        made_account(owned, Account(name="acme"), policy=policy)
        ledgers = OpenLedgers(owned)
        made = Entitlements(ledgers)
        try:
            yield made
        finally:
            made.close()
            ledgers.close()


def answered(made: Entitlements, message: Message = MESSAGE) -> Entitlement:
    for _ in range(4):
        answer = made.entitlement("acme", message)
        if isinstance(answer, Entitlement):
            return answer
        answer.future.result(10)
    raise AssertionError("no answer")


def test_an_account_whose_sessions_are_not_read_yet_has_no_answer(tmp_path: Path) -> None:
    with entitlements(tmp_path / "data") as made:
        state = AccountEntitlement("acme", ledgers=made._ledgers, cache=made._cache)
        with pytest.raises(Unavailable) as refusal:
            state.entitlement(MESSAGE)
        assert refusal.value.code == "entitlement_not_ready"
        state.refresh()
        assert state.entitlement(MESSAGE).opens_session


def test_a_busy_ledger_is_answered_for_from_memory_as_of_before(tmp_path: Path) -> None:
    with entitlements(tmp_path / "data") as made:
        assert answered(made).opens_session
        began_us = now_us()
        with made._ledgers.exclusively("acme"):
            answer = made.entitlement("acme", MESSAGE, may_be_behind=True)
            assert isinstance(answer, Entitlement)
            assert answer.as_of < began_us
        assert answered(made).as_of > began_us


def test_so_many_scopes_wait_to_be_read_and_no_more(tmp_path: Path) -> None:
    with entitlements(tmp_path / "data", NEEDS_A_REPLY) as made:
        assert answered(made, Message("first", "b1", "web")).opens_session
        reads: list[Future[None]] = []
        with made._ledgers.exclusively("acme"):
            for number in range(64):
                reading = made.entitlement("acme", Message(f"n{number}", "b1", "web"), may_be_behind=True)
                assert isinstance(reading, Reading)
                reads.append(reading.future)
            with pytest.raises(Unavailable) as refusal:
                made.entitlement("acme", MESSAGE, may_be_behind=True)
            assert refusal.value.code == "entitlement_busy"
        for read in reads:
            read.result(10)
        assert answered(made, Message("n0", "b1", "web")).opens_session


def test_what_is_dropped_is_read_again(tmp_path: Path) -> None:
    with entitlements(tmp_path / "data") as made:
        assert answered(made).opens_session
        made._drop(made._accounts["acme"])
        assert answered(made).opens_session


def test_a_settling_without_events_while_sessions_are_read_changes_nothing(tmp_path: Path) -> None:
    with entitlements(tmp_path / "data") as made:
        state = AccountEntitlement("acme", ledgers=made._ledgers, cache=made._cache)
        with state._journal():
            with made._ledgers.settling("acme") as ledger, state.settling(ledger):
                pass
            # Else the next line would look for a later version for ever.
            assert not state._settled
            state.refresh()
        assert state.entitlement(MESSAGE).opens_session
