"""Senders of live events in their own process: batches from a file, or single events at a steady rate.

`bench.live` starts `python -m bench.sending`, which prints one JSON object. Requests have fixed times on kept
connections: a slow server makes later ones late, which counts.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_HEAD = "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {length}\r\n\r\n"


@dataclass
class Sent:
    """Outcomes of the requests.

    Attributes:
        times_ms: From the due time to the whole answer.
        statuses: Status → count.
        totals: Summed receipts.
        seconds: From first request to last answer.
    """

    times_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, status: int, body: bytes, *, due: float) -> None:
        self.times_ms.append((time.perf_counter() - due) * 1000)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200 and b'"accepted"' in body:
            receipt = json.loads(body)
            for name in ("accepted", "duplicates", "conflicts", "rejected"):
                self.totals[name] = self.totals.get(name, 0) + receipt[name]


class _Connection:
    """Kept connection; one request at a time."""

    def __init__(self, port: int, head: dict[str, str]) -> None:
        self._port = port
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        return await self._sent("GET", path, body=b"")

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return await self._sent("POST", path, body=body)

    async def _sent(self, method: str, path: str, *, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(_HEAD.format(method=method, path=path, headers=self._headers, length=len(body)).encode() + body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        return int(head.split(" ", 2)[1]), await reader.readexactly(length)


async def sent(bodies: list[bytes], *, port: int, path: str, plan: dict[str, Any]) -> Sent:
    """Send each body once.

    Args:
        plan: `method`, POST unless it is GET, for which bodies are paths; `headers`; `connections`, their number;
            `a_second`, requests per second (0: full speed).
    """
    results = Sent()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(0 if plan["a_second"] else 1)
    pace, is_get = plan["a_second"], plan.get("method") == "GET"
    start = time.perf_counter()

    async def work(connection: _Connection) -> None:
        while True:
            due, body = await waiting.get()
            status, answer = await (connection.get(body.decode()) if is_get else connection.post(path, body))
            results.note(status, answer, due=due)
            waiting.task_done()

    connections = [_Connection(port, plan["headers"]) for _ in range(plan["connections"])]
    workers = [asyncio.create_task(work(connection)) for connection in connections]
    for number, body in enumerate(bodies):
        due = start + number / pace if pace else time.perf_counter()
        if pace and (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        await waiting.put((due, body))
    await waiting.join()
    results.seconds = time.perf_counter() - start
    for worker in workers:
        worker.cancel()
    return results


def main() -> None:
    """Send the `file` of the plan on stdin."""
    plan = json.loads(sys.stdin.readline())
    bodies = bodies_from(Path(plan["file"]))
    if plan.get("until_go"):
        print("ready", flush=True)
        sys.stdin.readline()
    results = asyncio.run(sent(bodies, port=plan["port"], path=plan["path"], plan=plan))
    print(json.dumps(asdict(results)))


def bodies_from(file: Path) -> list[bytes]:
    """Bodies of a file of `write_bodies`."""
    with file.open("rb") as source:
        bodies = []
        while line := source.readline():
            bodies.append(source.read(int(line)))
        return bodies


def write_bodies(file: Path, bodies: Any) -> int:
    """Write bodies, each after a line with its length; return their number."""
    count = 0
    with file.open("wb") as target:
        for body in bodies:
            target.write(b"%d\n" % len(body))
            target.write(body)
            count += 1
    return count


if __name__ == "__main__":
    main()
