"""A client's machine with simulated clock, randomness and network; no threads, no waiting."""

import json
from collections import deque
from pathlib import Path

from tests.support.stand_in_server import Intake, problem

from botmeter.client import ClientSettings, Event
from botmeter.client.answers import Answer
from botmeter.client.backlog import NEVER
from botmeter.client.notices import Notices
from botmeter.client.sender import Ports
from botmeter.client.transport import NoAnswer
from botmeter.client.worker import Worker

NOW_US = 1_795_000_000_000_000
Way = str | tuple[int, dict[str, str]]


class World:
    """Client directly connected to a server.

    Attributes:
        ways: As in `StandIn`, and `away` (no connection); afterwards `always`.
        most: Events accepted at once; more are answered with 413.
    """

    def __init__(self, root: Path, settings: ClientSettings | None = None) -> None:
        self.root = root
        self.settings = settings or ClientSettings()
        self.now = 100.0
        self.intake = Intake()
        self.ways: deque[Way] = deque()
        self.always: Way = "take"
        self.most = 5_000
        self.sent_at: list[float] = []
        self.ports = Ports(
            connect=lambda: self.post, elapsed=lambda: self.now, now_us=lambda: NOW_US, random=lambda: 0.5
        )
        self.start()

    def start(self) -> None:
        self.notices = Notices(self.settings, elapsed=self.ports.elapsed)
        worker = Worker(self.root, self.notices, settings=self.settings, ports=self.ports)
        self.backlog, self.sender, self.slot = worker.backlog, worker.sender, worker.slot

    def die(self) -> None:
        """Lose memory and lock, as by `kill -9`."""
        assert self.slot is not None
        self.slot.release()

    def put(self, event_id: str, conversation: str = "c1", **more: object) -> bool:
        event = Event(event_id=event_id, conversation_id=conversation, customer_id="ada", actor="customer", **more)
        return self.backlog.put(event.line())

    def step(self) -> float:
        return self.sender.step()

    def run(self, until: float) -> None:
        """Run everything due until that instant."""
        for _ in range(100_000):
            again_at = self.step()
            if again_at > until:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, again_at)
        raise AssertionError("The client repeats steps without time passing.")

    def run_dry(self) -> None:
        """Run until nothing waits."""
        for _ in range(10_000):
            again_at = self.step()
            if again_at == NEVER:
                return
            self.now = max(self.now, again_at)
        raise AssertionError("The client does not finish.")

    def post(self, body: bytes, *, within_seconds: float) -> Answer:  # noqa: ARG002 - time passes in `run` alone
        self.sent_at.append(self.now)
        match self.ways.popleft() if self.ways else self.always:
            case "take":
                return self._accept(body)
            case "cut":
                self._accept(body)
                raise NoAnswer("The connection was cut.")
            case "page":
                return Answer(status=200, headers={}, body=b"<html>Sign in</html>")
            case (status, headers):
                return Answer(status=status, headers=headers, body=problem(f"made_{status}", f"A test: {status}."))
            case _:
                raise NoAnswer("Nobody is there.")

    def ids(self) -> list[object]:
        return list(self.intake.events)

    def refused(self) -> list[dict[str, object]]:
        path = self.root / "refused.ndjson"
        return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.glob("slot-*/*.ndjson") if path.stat().st_size)

    def _accept(self, body: bytes) -> Answer:
        if body.count(b"\n") > self.most:
            return Answer(status=413, headers={}, body=problem("too_many_events", "Send fewer."))
        return Answer(status=200, headers={}, body=json.dumps(self.intake.receipt(body)).encode())
