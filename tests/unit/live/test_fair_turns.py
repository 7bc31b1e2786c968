"""Accounts take turns, and one task of an account runs at a time."""

from botmeter.live.fair_turns import FairTurns


def begun_tasks(turns: FairTurns, *, accounts_end: bool = True) -> list[str]:
    """Names of all tasks that can begin, in order."""
    names = []
    while (turn := turns.take()) is not None:
        names.append(turn[1])
        if accounts_end:
            turns.done(turn[0])
    return names


def made(*tasks: tuple[str, str]) -> FairTurns:
    turns = FairTurns()
    for account, task in tasks:
        turns.add(account, task)
    return turns


def test_an_account_with_many_tasks_delays_others_by_one() -> None:
    turns = made(("acme", "a1"), ("acme", "a2"), ("acme", "a3"), ("beta", "b1"), ("coda", "c1"))
    assert begun_tasks(turns) == ["a1", "b1", "c1", "a2", "a3"]


def test_one_task_of_an_account_runs_at_a_time() -> None:
    turns = made(("acme", "a1"), ("acme", "a2"), ("beta", "b1"))
    assert turns.ready_count == 2
    assert begun_tasks(turns, accounts_end=False) == ["a1", "b1"]
    assert turns.ready_count == 0
    turns.done("acme")
    assert turns.take() == ("acme", "a2")


def test_urgent_tasks_are_their_accounts_first() -> None:
    turns = made(("acme", "a1"), ("acme", "a2"), ("acme", "a3"), ("beta", "b1"))
    turns.add("acme", "a3", is_urgent=True)
    turns.add("acme", "a3")
    assert begun_tasks(turns) == ["a3", "b1", "a1", "a2"]


def test_a_task_waits_once() -> None:
    turns = made(("acme", "a1"), ("acme", "a1"))
    assert turns.is_waiting("acme", "a1")
    assert begun_tasks(turns) == ["a1"]
    assert not turns.is_waiting("acme", "a1")


def test_a_task_that_waits_again_is_behind_the_others() -> None:
    turns = made(("acme", "slow"), ("beta", "b1"))
    assert turns.take() == ("acme", "slow")
    turns.done("acme")
    turns.add("acme", "slow")
    assert begun_tasks(turns) == ["b1", "slow"]
