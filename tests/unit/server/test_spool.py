"""Streams on disk: nothing is lost, slow clients are cut, space is bounded and freed."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.server.front.body import ClientDisconnected
from botmeter.server.front.protocol import Message
from botmeter.server.front.sending import PIECE_BYTES, SendLimits, send_stream
from botmeter.server.front.spool import Spool, SpooledStream, SpoolLimits
from support.asgi_requests import ResponseRecorder
from support.full_disk import largest_file

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
ON_DISK = SpoolLimits(disk_segment_bytes=10, free_bytes_min=0)
IN_MEMORY = SpoolLimits(disk_bytes_max=0, memory_segment_bytes=10, memory_bytes_max=20)
# Two segments on disk, then memory.
MIXED = SpoolLimits(
    disk_segment_bytes=10, stream_bytes_max=20, memory_segment_bytes=10, memory_bytes_max=20, free_bytes_min=0
)


@pytest.fixture(params=[ON_DISK, IN_MEMORY, MIXED], ids=["disk", "memory", "mixed"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, request.param)
    yield made
    assert made.disk_bytes == 0
    assert list(tmp_path.iterdir()) == []


def write(stream: SpooledStream, *pieces: bytes) -> None:
    for piece in pieces:
        stream.write(piece)
    stream.end()


async def sent(spool: Spool, *pieces: bytes) -> bytes:
    loop, recorder = asyncio.get_running_loop(), ResponseRecorder()
    stream = SpooledStream(spool, loop)
    writing = loop.run_in_executor(None, write, stream, *pieces)
    await send_stream(stream, recorder, start=START, limits=SendLimits())
    await writing
    assert (stream.disk_bytes, stream.memory_bytes) == (0, 0)
    response = recorder.response()
    assert response.is_whole
    return response.body


def test_a_stream_longer_than_its_space_is_sent_as_it_was_written(spool: Spool) -> None:
    pieces = [bytes([number]) * number for number in range(60)]
    assert asyncio.run(sent(spool, *pieces)) == b"".join(pieces)


def test_an_empty_stream_is_an_empty_answer(spool: Spool) -> None:
    assert asyncio.run(sent(spool)) == b""


@given(st.lists(st.binary(max_size=35), max_size=5))
def test_any_pieces_are_sent_in_order(pieces: list[bytes]) -> None:
    assert asyncio.run(sent(Spool(Path("/tmp"), MIXED), *pieces)) == b"".join(pieces)  # noqa: S108 - files have no names


def test_large_data_is_sent_in_small_pieces(tmp_path: Path) -> None:
    async def run() -> list[int]:
        sizes: list[int] = []

        async def send(message: Message) -> None:
            sizes.append(len(message.get("body", b"")))

        loop = asyncio.get_running_loop()
        stream = SpooledStream(Spool(tmp_path, SpoolLimits(free_bytes_min=0)), loop)
        writing = loop.run_in_executor(None, write, stream, bytes(3_000_000))
        await send_stream(stream, send, start=START, limits=SendLimits())
        await writing
        return sizes

    sizes = asyncio.run(run())
    assert sum(sizes) == 3_000_000
    assert max(sizes) == PIECE_BYTES


def test_a_client_that_stops_reading_is_cut_its_space_freed_and_its_writer_ended(spool: Spool) -> None:
    async def run() -> list[Message]:
        taken: list[Message] = []

        async def send(message: Message) -> None:
            taken.append(message)
            if len(taken) > 2:
                await asyncio.Event().wait()

        loop = asyncio.get_running_loop()
        stream = SpooledStream(spool, loop)
        writing = loop.run_in_executor(None, write, stream, *[b"x" * 7] * 50)
        await send_stream(stream, send, start=START, limits=SendLimits(bytes_min=1_000, seconds=0.05))
        with pytest.raises(ClientDisconnected):
            await loop.run_in_executor(None, stream.write, b"more")
        await asyncio.gather(writing, return_exceptions=True)
        return taken

    assert all(message.get("more_body", True) for message in asyncio.run(run()))


def test_a_client_that_takes_less_than_the_least_in_the_time_is_cut_even_if_it_never_stops(tmp_path: Path) -> None:
    async def run() -> int:
        count = 0

        async def send(message: Message) -> None:
            nonlocal count
            count += 1
            await asyncio.sleep(0.01)

        loop = asyncio.get_running_loop()
        stream = SpooledStream(Spool(tmp_path, SpoolLimits(free_bytes_min=0)), loop)
        writing = loop.run_in_executor(None, write, stream, bytes(100 * PIECE_BYTES))
        await send_stream(stream, send, start=START, limits=SendLimits(bytes_min=50 * PIECE_BYTES, seconds=0.1))
        await asyncio.gather(writing, return_exceptions=True)
        return count

    assert asyncio.run(run()) < 50


def test_a_stream_that_fails_is_cut_after_what_was_written(spool: Spool) -> None:
    async def run() -> ResponseRecorder:
        recorder = ResponseRecorder()
        stream = SpooledStream(spool, asyncio.get_running_loop())
        stream.write(b"some")
        stream.fail()
        await send_stream(stream, recorder, start=START, limits=SendLimits())
        return recorder

    response = asyncio.run(run()).response()
    assert (response.body, response.is_whole) == (b"some", False)


def test_a_stream_that_fails_before_its_first_byte_is_not_started(spool: Spool) -> None:
    async def run() -> ResponseRecorder:
        recorder = ResponseRecorder()
        stream = SpooledStream(spool, asyncio.get_running_loop())
        stream.fail()
        await send_stream(stream, recorder, start=START, limits=SendLimits())
        return recorder

    assert asyncio.run(run()).messages == []


def test_a_nearly_full_disk_is_left_to_events(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    spool = Spool(tmp_path, SpoolLimits(free_bytes_min=disk.f_bavail * disk.f_frsize))

    async def run() -> None:
        stream = SpooledStream(spool, asyncio.get_running_loop())
        stream.write(b"x")
        assert (stream.disk_bytes, stream.memory_bytes > 0) == (0, True)
        stream.end()
        assert [await stream.read(), await stream.read()] == [b"x", b""]
        await stream.close()

    asyncio.run(run())


def test_a_disk_that_fills_while_it_is_written_to_loses_nothing(tmp_path: Path) -> None:
    async def run() -> bytes:
        stream = SpooledStream(Spool(tmp_path, SpoolLimits(free_bytes_min=0)), asyncio.get_running_loop())
        stream.write(b"before ")
        with largest_file(9):
            stream.write(b"and after")
        stream.end()
        read = b"".join([await stream.read() for _ in range(2)])
        await stream.close()
        return read

    assert asyncio.run(run()) == b"before and after"
