"""Simulations of several accounts: how many run and wait, and in which order."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from botmeter.domain.errors import TooMuch, Unavailable
from botmeter.live import simulations
from botmeter.live.simulations import AT_ONCE_MAX, WAITING_MAX, Simulations


@contextmanager
def running(made: Simulations, *accounts: str) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        for account in accounts:
            stack.enter_context(made.turn(account))
        yield stack


def refusal(made: Simulations, account: str) -> str:
    with pytest.raises(Unavailable) as refused, made.turn(account):
        pass
    assert refused.value.code == "simulation_running"
    return refused.value.message


def test_accounts_simulate_at_once_and_each_has_one_simulation() -> None:
    made = Simulations(wait_seconds=0)
    with running(made, "acme", "beta"):
        assert refusal(made, "acme") == "Another simulation of account acme is running. Try again in a moment."
    with running(made, "acme"):
        pass


def test_an_account_that_waits_too_long_is_refused_and_waits_no_more() -> None:
    made = Simulations(wait_seconds=0)
    with running(made, "acme", "beta"):
        assert f"The server runs {AT_ONCE_MAX} simulations of other accounts" in refusal(made, "coda")
    with running(made, "coda"):
        pass


def test_accounts_wait_in_order_of_arrival_and_few_of_them() -> None:
    made, simulated = Simulations(wait_seconds=60), []
    names = [f"w{number}" for number in range(WAITING_MAX)]

    def simulate(account: str) -> None:
        with made.turn(account):
            simulated.append(account)

    waiting = [threading.Thread(target=simulate, args=(name,)) for name in names]
    pause = threading.Event()
    with running(made, "acme", "beta"):
        for number, thread in enumerate(waiting, start=AT_ONCE_MAX + 1):
            thread.start()
            while len(made._accounts) < number:
                pause.wait(0.001)
        assert made._accounts == ["acme", "beta", *names]
        assert f"{WAITING_MAX} wait" in refusal(made, "coda")
        assert not simulated
    for thread in waiting:
        thread.join()
    assert sorted(simulated) == names


def test_a_simulation_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulations().turn("acme") as check:
        check()
    monkeypatch.setattr(simulations, "SECONDS_MAX", 0.0)
    with Simulations().turn("acme") as check, pytest.raises(TooMuch, match="Use `botmeter simulate`") as ended:
        check()
    assert ended.value.code == "simulation_too_long"
