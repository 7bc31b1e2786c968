"""An anonymous flood from one address, in its own process: what `bench.flood` measures others beside.

`python -m bench.flooding` reads a plan as JSON on stdin, prints "ready" once all of it runs, ends when its stdin is
closed, and prints the counts of its requests by kind and outcome.
"""

import asyncio
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

ADDRESS: Final = "127.0.0.66"
"""The attacker's, so that limits per address tell it from the people who are measured."""
SIGN_INS: Final = 30
SLOW_BODIES: Final = 100
SILENT_SOCKETS: Final = 5_000
WRONG_KEYS: Final = 20
LONG_ADDRESSES: Final = 10
_BODY_BYTES: Final = 16 << 20
_PIECE: Final = b"a" * 512
_LONG_QUERY: Final = 6_000
_PAUSE_SECONDS: Final = 0.02
_RECONNECT_SECONDS: Final = 0.5
"""Before a closed connection is opened again; an attacker in a tight loop would measure his own computer."""

Attack = Callable[["Flood", int], Awaitable[None]]


@dataclass
class Flood:
    """State of the attack.

    Attributes:
        outcomes: "kind status" → count; a connection closed without an answer counts as "closed".
    """

    port: int
    outcomes: Counter[str] = field(default_factory=Counter)

    async def run(self, ended: asyncio.Event) -> None:
        """Attack until `ended`."""
        attacks = [(_sign_in, SIGN_INS), (_slow_body, SLOW_BODIES), (_silent, SILENT_SOCKETS)]
        attacks += [(_wrong_key, WRONG_KEYS), (_long_address, LONG_ADDRESSES)]
        tasks = [asyncio.create_task(self._repeated(attack, n)) for attack, count in attacks for n in range(count)]
        print("ready", flush=True)
        await ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def request(self, head: str, body: bytes = b"", *, kind: str) -> tuple[str, bytes]:
        """Status and the rest of one answer on a connection of its own."""
        reader, writer = await self.connection()
        try:
            writer.write(f"{head}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode() + body)
            async with asyncio.timeout(60):
                answer = await reader.read(1 << 20)
        finally:
            writer.close()
        status = answer[9:12].decode() or "closed"
        self.outcomes[f"{kind} {status}"] += 1
        return status, answer

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(ADDRESS, 0))

    async def _repeated(self, attack: Attack, number: int) -> None:
        while True:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await attack(self, number)
            await asyncio.sleep(_RECONNECT_SECONDS if attack in {_silent, _slow_body} else _PAUSE_SECONDS)


async def _sign_in(flood: Flood, number: int) -> None:
    _, page = await flood.request("GET /sign-in HTTP/1.1", kind="sign-in page")
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    cookie = re.search(rb"set-cookie: ([^;]*csrf[^;]*)", page)
    if token is None or cookie is None:
        return
    form = b"csrfmiddlewaretoken=" + token[1] + f"&username=person{number}@example.com&password=wrong-{number}".encode()
    head = f"POST /sign-in HTTP/1.1\r\nCookie: {cookie[1].decode()}\r\nContent-Length: {len(form)}"
    head += "\r\nContent-Type: application/x-www-form-urlencoded"
    await flood.request(head, form, kind="sign-in")


async def _slow_body(flood: Flood, number: int) -> None:
    reader, writer = await flood.connection()
    path = ("/sign-in", "/password", "/api/v1/events", "/nowhere")[number % 4]
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer bm_none\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {_BODY_BYTES}\r\n\r\n".encode()
        )
        answer = asyncio.create_task(reader.read(64))
        while not answer.done():
            writer.write(_PIECE)
            await writer.drain()
            await asyncio.wait({answer}, timeout=1)
        flood.outcomes[f"slow body {(await answer)[9:12].decode() or 'closed'}"] += 1
    finally:
        writer.close()


async def _silent(flood: Flood, _number: int) -> None:
    reader, writer = await flood.connection()
    try:
        await reader.read(64)
        flood.outcomes["silent closed"] += 1
    finally:
        writer.close()


async def _wrong_key(flood: Flood, number: int) -> None:
    body = b'{"event_id":"e"}'
    head = f"POST /api/v1/events HTTP/1.1\r\nAuthorization: Bearer bm_{number:032}\r\nContent-Length: {len(body)}"
    await flood.request(f"{head}\r\nContent-Type: application/json", body, kind="wrong key")


async def _long_address(flood: Flood, number: int) -> None:
    flood.outcomes["long address"] += 1
    query = f"{flood.outcomes['long address']}-{number}-".ljust(_LONG_QUERY, "x")
    await flood.request(f"GET /sign-in?next={query} HTTP/1.1", kind="long address")


async def _flood(port: int) -> Counter[str]:
    flood, ended = Flood(port=port), asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    await flood.run(ended)
    return flood.outcomes


def main() -> None:
    """Flood the `port` of the plan on stdin until stdin is closed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    plan = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(_flood(plan["port"]))))


if __name__ == "__main__":
    main()
