"""The law of the client: whatever fails, each event arrives, in its conversation's order, under its own id.

A process that is killed takes with it what was in memory alone; the machine knows which events those were.
"""

import json
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.support.client_world import World

from botmeter.client import ClientSettings

WAYS = st.sampled_from(
    ["take", "cut", "page", "away", (503, {"retry-after": "3"}), (429, {}), (500, {}), (401, {}), (413, {})]
)


class Bot(RuleBasedStateMachine):
    """A bot that talks in a few conversations, on a machine and a network that a test owns."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        limits = ClientSettings(queue_events_max=12, batch_events_max=5, batch_bytes_max=1_500)
        self.world = World(Path(self.folder.name) / "spill", limits)
        self.lines: dict[str, dict[str, object]] = {}
        self.killed: set[str] = set()

    @rule(conversation=st.sampled_from("xyz"), count=st.integers(1, 30))
    def talks(self, conversation: str, count: int) -> None:
        for _ in range(count):
            event_id = f"{conversation}{len(self.lines):05d}"
            assert self.world.put(event_id, conversation)
            self.lines[event_id] = json.loads(self._in_memory()[-1])

    @rule(ways=st.lists(WAYS, max_size=6))
    def network_changes(self, ways: list) -> None:
        self.world.ways.extend(ways)

    @rule(most=st.sampled_from([1, 2, 3, 5_000]))
    def server_changes_its_limit(self, most: int) -> None:
        self.world.most = most

    @rule()
    def works_once(self) -> None:
        self.world.step()

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.0, 90.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.run(until=self.world.now + seconds)

    @rule()
    def closes_and_starts_again(self) -> None:
        assert self.world.backlog.store_all() == 0
        self.world.die()
        self.world.start()

    @rule(torn=st.booleans())
    def is_killed_and_starts_again(self, *, torn: bool) -> None:
        lines = self._in_memory()
        self.killed |= {json.loads(line)["event_id"] for line in lines}
        self.world.die()
        files = self.world.files()
        if torn and files:
            with files[-1].open("ab") as file:
                file.write(b'{"event_id": "x')
        self.world.start()

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.world.backlog.queued_count <= 12 + 5

    def teardown(self) -> None:
        world = self.world
        world.ways.clear()
        world.run_dry()
        put_aside = {entry["event"]["event_id"] for entry in world.refused() if "event" in entry}
        arrived = world.intake.events
        assert set(self.lines) - self.killed <= arrived.keys() | put_aside
        assert arrived.keys() | put_aside <= set(self.lines)
        assert all(arrived[event_id] == self.lines[event_id] for event_id in arrived)
        conversations = defaultdict(list)
        for event_id, record in arrived.items():
            conversations[record["conversation_id"]].append(event_id)
        assert all(ids == sorted(ids) for ids in conversations.values())
        assert not world.files()
        assert world.notices.status.lost_count == 0
        world.die()
        self.folder.cleanup()

    def _in_memory(self) -> list[bytes]:
        batch = self.world.backlog.batch
        held = [] if batch is None or batch.segment is not None else batch.lines
        return [*held, *self.world.backlog._tail]


TestBot = Bot.TestCase
TestBot.settings = settings(settings.default, stateful_step_count=30)
