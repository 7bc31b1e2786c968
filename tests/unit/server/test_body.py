"""Bodies are read whole or refused: for their size, their slowness, their packing, or the memory that there is."""

import asyncio
import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import BotmeterError, Refused, TooMuch, Unavailable
from botmeter.server.front.body import BodyLimits, decompressed
from botmeter.server.front.protocol import Receive
from botmeter.server.front.request import BodyBudget, Request
from support.asgi_requests import body_cut_after, body_in, body_stalled_after, endless_body, scope_of

LIMITS = BodyLimits(bytes_max=100, advice="Split it.")
HASTY = BodyLimits(bytes_max=100, idle_seconds=0.001, total_seconds=0.005)
GZIP = {"content-encoding": "gzip"}


def request(receive: Receive, *, budget: BodyBudget, headers: dict[str, str] | None = None) -> Request:
    return Request(scope_of("POST", "/", headers=(headers or {}).items()), receive, budget=budget)


def read(receive: Receive, *, limits: BodyLimits = LIMITS, headers: dict[str, str] | None = None) -> bytes:
    budget = BodyBudget(bytes_max=1 << 30, holder_bytes_max=1 << 30)
    sent = request(receive, budget=budget, headers=headers)
    try:
        return asyncio.run(sent.body(limits))
    finally:
        sent.close()
        assert budget.used_bytes == 0


def refusal(call: Callable[[], object]) -> BotmeterError:
    with pytest.raises(BotmeterError) as caught:
        call()
    return caught.value


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_a_body_in_pieces_is_joined(pieces: list[bytes]) -> None:
    assert read(body_in(*pieces)) == b"".join(pieces)


def test_a_body_at_the_limit_is_read() -> None:
    assert read(body_in(b"a" * 60, b"b" * 40), headers={"content-length": "100"}) == b"a" * 60 + b"b" * 40


@pytest.mark.parametrize("announced", ["101", "9" * 5_000])
def test_a_content_length_over_the_limit_is_refused_before_reading(announced: str) -> None:
    refused = refusal(lambda: read(body_stalled_after(), headers={"content-length": announced}))
    assert isinstance(refused, TooMuch)
    assert (refused.code, refused.message) == (
        "body_too_large",
        "The body is larger than the limit of 100 bytes. Split it.",
    )


@pytest.mark.parametrize("announced", ["", "-1", "²³", "1e9", "no"])
def test_an_invalid_content_length_is_ignored(announced: str) -> None:
    headers = {"content-length": announced}
    assert read(body_in(b"abc"), headers=headers) == b"abc"
    assert refusal(lambda: read(endless_body(b"a" * 30), headers=headers)).code == "body_too_large"


def test_a_body_longer_than_its_content_length_is_refused_at_the_limit() -> None:
    assert refusal(lambda: read(endless_body(b"a"), headers={"content-length": "1"})).code == "body_too_large"


def test_a_stalled_body_is_refused() -> None:
    refused = refusal(lambda: read(body_stalled_after(b"abc"), limits=HASTY))
    assert (type(refused), refused.code) == (Refused, "body_too_slow")
    assert refused.message.startswith("The body stalled after 3 bytes. It may pause for 0.001 seconds")


def test_an_endless_body_is_refused() -> None:
    assert refusal(lambda: read(endless_body(b""), limits=HASTY)).code == "body_too_slow"


def test_a_connection_closed_within_the_body_or_a_malformed_chunk_is_refused() -> None:
    refused = refusal(lambda: read(body_cut_after(b"abc")))
    assert (type(refused), refused.code) == (Refused, "body_incomplete")


def test_a_sender_has_its_share_of_the_memory_and_another_has_the_rest() -> None:
    budget = BodyBudget(bytes_max=100, holder_bytes_max=60)

    async def received(holder: str, size_bytes: int) -> Request:
        sent = request(body_in(b"a" * size_bytes), budget=budget)
        sent.holder = holder
        await sent.body(LIMITS)
        return sent

    async def refused(holder: str) -> str:
        with pytest.raises(Unavailable) as caught:
            await received(holder, 1)
        return caught.value.message.partition(".")[0]

    async def run() -> None:
        first = await received("first", 60)
        assert await refused("first") == "Too many request bodies of one sender in flight (60 of 60 bytes)"
        await received("second", 40)
        assert await refused("third") == "Too many request bodies in flight (100 of 100 bytes)"
        first.close()
        await received("third", 60)
        assert budget.used_bytes == 100

    asyncio.run(run())


def test_slow_bodies_give_way_to_those_that_arrive() -> None:
    budget = BodyBudget(bytes_max=100, holder_bytes_max=50)

    async def received(holder: str, receive: Receive) -> bytes:
        sent = request(receive, budget=budget)
        sent.holder = holder
        try:
            return await sent.body(LIMITS)
        finally:
            sent.close()

    async def run() -> None:
        slow = [asyncio.create_task(received(f"{n % 2}", body_stalled_after(b"a" * 25))) for n in range(4)]
        await asyncio.sleep(0)
        assert budget.used_bytes == 100
        # The oldest of the same sender gives way; of another one, the oldest of the sender that holds the most.
        assert await received("0", body_in(b"b" * 20)) == b"b" * 20
        assert isinstance((await asyncio.gather(slow[0], return_exceptions=True))[0], Unavailable)
        assert await received("2", body_in(b"c" * 30)) == b"c" * 30
        assert isinstance((await asyncio.gather(slow[1], return_exceptions=True))[0], Unavailable)
        assert [task.done() for task in slow] == [True, True, False, False]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert budget.used_bytes == 0
        assert not budget.receiving

    asyncio.run(run())


def test_bodies_share_a_limit_of_memory_and_release_it() -> None:
    budget = BodyBudget(bytes_max=100, holder_bytes_max=100)

    async def both() -> None:
        first = request(body_in(b"a" * 60), budget=budget)
        second = request(body_in(b"b" * 30, b"b" * 11), budget=budget)
        assert await first.body(LIMITS) == b"a" * 60
        with pytest.raises(Unavailable) as caught:
            await second.body(LIMITS)
        assert caught.value.code == "server_busy"
        assert caught.value.message.startswith("Too many request bodies in flight (90 of 100 bytes).")
        second.close()
        assert budget.used_bytes == 60
        first.close()
        first.close()
        assert budget.used_bytes == 0
        assert await request(body_in(b"b" * 100), budget=budget).body(LIMITS)

    asyncio.run(both())


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_gzip_of_any_number_of_members_is_decompressed(members: list[bytes]) -> None:
    whole = b"".join(members)
    limits = BodyLimits(bytes_max=160)
    assert decompressed(b"".join(map(gzip.compress, members)), headers=GZIP, limits=limits) == whole


def test_a_member_may_end_anywhere_in_a_large_body() -> None:
    members = [bytes([number]) * 30_000 + number.to_bytes(4) * 3_000 for number in range(250)]
    packed = b"".join(gzip.compress(member, compresslevel=0) for member in members)
    assert decompressed(packed, headers=GZIP, limits=BodyLimits(bytes_max=16 << 20)) == b"".join(members)


@pytest.mark.parametrize("encoding", ["", "identity", " IDENTITY "])
def test_an_uncompressed_body_is_unchanged(encoding: str) -> None:
    assert decompressed(b"\x1f\x8b", headers={"content-encoding": encoding}, limits=LIMITS) == b"\x1f\x8b"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_gzip_bomb_is_not_decompressed_beyond_the_limit(encoding: str) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    refused = refusal(lambda: decompressed(bomb, headers={"content-encoding": encoding}, limits=LIMITS))
    assert (type(refused), refused.code) == (TooMuch, "body_too_large")


def test_a_gzip_bomb_of_two_members_is_refused() -> None:
    bomb = gzip.compress(bytes(60)) + gzip.compress(bytes(60))
    assert refusal(lambda: decompressed(bomb, headers=GZIP, limits=LIMITS)).code == "body_too_large"


def test_a_gzip_bomb_of_empty_members_is_refused_early() -> None:
    bomb = gzip.compress(b"") * 100_000
    assert refusal(lambda: decompressed(bomb, headers=GZIP, limits=BodyLimits(bytes_max=10 << 20))).message == (
        "The gzip body has more than 1,000 members."
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"plain", gzip.compress(b"abc")[:-1], gzip.compress(b"abc") + b"\0rest"],
    ids=["nothing", "plain", "cut off", "with a rest"],
)
def test_an_incomplete_gzip_body_is_refused(body: bytes) -> None:
    refused = refusal(lambda: decompressed(body, headers=GZIP, limits=LIMITS))
    assert (type(refused), refused.code) == (Refused, "body_not_gzip")


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "deflate"])
def test_another_content_encoding_is_refused(encoding: str) -> None:
    refused = refusal(lambda: decompressed(b"", headers={"content-encoding": encoding}, limits=LIMITS))
    assert (type(refused), refused.code) == (Refused, "content_encoding_unknown")
    assert encoding in refused.message
