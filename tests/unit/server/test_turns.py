"""Turns at the threads of pages: fair between senders, in order within one, bounded."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.server.front.turns import Sender, Turns


class Line:
    """Requests that wait for their turns, and run until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.began: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}

    async def arrive(self, *names: str) -> None:
        """Names begin with the sender: `a1`, `b1`; those after `s` are strangers."""
        for name in names:
            self._go[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._request(name))
        await settled()

    async def leave(self, *names: str) -> None:
        for name in names:
            self._go[name].set()
            await self.tasks[name]
        await settled()

    async def _request(self, name: str) -> None:
        async with self.turns.turn(Sender(name=name[0], is_stranger=name[0] > "s")):
            self.began.append(name)
            await self._go[name].wait()

    async def end(self) -> None:
        for go in self._go.values():
            go.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(turns: Turns, play: Callable[[Line], Coroutine[Any, Any, None]]) -> list[str]:
    async def played() -> list[str]:
        line = Line(turns)
        await play(line)
        await line.end()
        return line.began

    return asyncio.run(played())


def test_senders_take_turns_whoever_came_first() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "a2", "a3", "a4", "b1", "b2", "c1")
        for _ in range(7):
            await line.leave(line.began[-1])

    assert run(Turns(1), play) == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_a_sender_has_three_quarters_of_the_threads_at_most() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "a2", "a3", "a4", "b1", "b2")
        assert line.began == ["a1", "a2", "a3", "b1"]
        await line.leave("b1")
        assert line.began[-1] == "b2"
        await line.leave("a1")
        assert line.began[-1] == "a4"

    run(Turns(4), play)


def test_strangers_have_a_quarter_of_the_threads_together() -> None:
    async def play(line: Line) -> None:
        await line.arrive("t1", "t2", "u1", "a1", "a2", "a3", "t3")
        assert line.began == ["t1", "a1", "a2", "a3"]
        await line.leave("a1")
        assert line.began == ["t1", "a1", "a2", "a3"]
        await line.leave("t1")
        assert line.began[-1] == "t2"
        await line.leave("t2")
        assert line.began[-1] == "u1"

    run(Turns(4), play)


def test_a_sender_beyond_its_share_of_the_line_is_refused_and_others_wait() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "a2", "a3", "a4", "b1")
        with pytest.raises(
            Unavailable, match="More than 2 requests of one sender are waiting. Try again soon."
        ) as caught:
            await line.tasks["a4"]
        assert caught.value.code == "server_busy"

    assert run(Turns(1, waiting_by_sender_max=2), play) == ["a1", "a2", "b1", "a3"]


def test_in_a_full_line_the_last_request_of_the_largest_sender_gives_way() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "a2", "a3", "a4", "b1")
        with pytest.raises(Unavailable, match="More than 3 requests are waiting"):
            await line.tasks["a4"]
        await line.arrive("c1")
        with pytest.raises(Unavailable):
            await line.tasks["c1" if "a3" in line.began else "a3"]

    began = run(Turns(1, waiting_max=3), play)
    assert {"a1", "a2", "b1", "c1"} <= set(began)


def test_a_request_that_is_given_up_leaves_the_line_and_frees_its_thread() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "a2", "b1", "c1")
        line.tasks["a2"].cancel()
        await settled()
        await line.leave("a1")
        assert line.began == ["a1", "b1"]
        line.tasks["b1"].cancel()
        await settled()
        assert line.began == ["a1", "b1", "c1"]

    run(Turns(1), play)


def test_a_request_given_up_at_the_moment_of_its_turn_passes_it_on() -> None:
    async def play(line: Line) -> None:
        await line.arrive("a1", "b1", "c1")
        line._go["a1"].set()
        await line.tasks["a1"]
        line.tasks["b1"].cancel()
        await settled()
        assert line.began[-1] == "c1"

    run(Turns(1), play)
