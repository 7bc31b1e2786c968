"""Random imports into one ledger, and digests of its tables by meaning."""

from collections.abc import Iterator
from hashlib import sha256
from random import Random
from typing import Any, Final

from tests.support.event_strategies import STEP_US
from tests.support.facts import event
from tests.support.ledgers import NOW_US, Schedule, batch, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy, Require

Event = dict[str, Any]

FIRST_US: Final = us_from_text("2026-03-01T00:00:00Z")
SPAN_US: Final = 60 * DAY_US
_BATCH_ROWS = 250
_RECORDED = {
    "receipt": "SELECT * EXCLUDE (recorded_at) FROM receipt",
    "quarantine": "SELECT * EXCLUDE (recorded_at) FROM quarantine",
    "restatement": "SELECT * EXCLUDE (recorded_at) FROM restatement",
    "append_no": "SELECT source, event_id, append_no, is_pulled, sent_customer_id FROM event",
}

SCHEDULES: Final[dict[str, Schedule]] = {
    "24 hours": [(FRESHCHAT, ALWAYS_US)],
    "idle": [(Policy(idle_timeout_us=40 * STEP_US, idle_clock="customer", exclude=frozenset(["test"])), ALWAYS_US)],
    "calendar": [(Policy(calendar="day", timezone="Asia/Kathmandu", scope=("customer", "bot")), ALWAYS_US)],
    "turns": [(Policy(max_turns=3, turn_of="any", max_duration_us=DAY_US), ALWAYS_US)],
    "require": [(Policy(max_duration_us=DAY_US, require=Require(min_bot=1)), ALWAYS_US)],
    "conversations, later customers": [
        (Policy(scope=("conversation",), idle_timeout_us=DAY_US, ends_on=frozenset(["resolved"])), ALWAYS_US),
        (Policy(name="later", max_duration_us=DAY_US // 2), FIRST_US + SPAN_US // 2),
    ],
}


def imported(schedule: Schedule, *, seed: int) -> Ledger:
    """Ledger after five imports: in order of time, with late events, later ones, in any order, and the first again."""
    random = Random(seed)
    ledger = ledger_in_memory(schedule)
    first = list(_events(random, "e", count=4_000, first_us=FIRST_US, span_us=SPAN_US))
    late = list(_events(random, "late", count=150, first_us=FIRST_US, span_us=SPAN_US))
    later = list(_events(random, "later", count=1_500, first_us=FIRST_US + SPAN_US, span_us=SPAN_US // 4))
    others = list(_events(random, "other", count=1_500, first_us=FIRST_US, span_us=2 * SPAN_US))
    random.shuffle(others)
    for source, events in (
        ("s", _nearly(random, first)),
        ("s", late + _again(random, first)),
        ("s", _nearly(random, later)),
        ("t", others),
        ("s", first),
    ):
        batches = [batch(events[row : row + _BATCH_ROWS], first=row) for row in range(0, len(events), _BATCH_ROWS)]
        append(ledger, [Submission(source=source, batches=batches, label="file")], now_us=NOW_US)
    return ledger


def digests(ledger: Ledger) -> dict[str, str]:
    """Digest of each table, without internal numbers and clock."""
    tables = table_meaning(ledger)
    tables |= {name: sorted(ledger.connection.execute(query).fetchall(), key=repr) for name, query in _RECORDED.items()}
    return {name: f"{len(rows)} {sha256(repr(rows).encode()).hexdigest()[:32]}" for name, rows in tables.items()}


def _events(random: Random, name: str, *, count: int, first_us: int, span_us: int) -> Iterator[Event]:
    for number in range(count):
        customer = random.randrange(60)
        conversation = f"v{customer}-{random.randrange(40)}"
        bot = random.choice(["b1", "b1", "b2", None])
        is_rejected = random.random() < 0.005
        yield event(
            f"{name}{number}",
            NOW_US + 3 * DAY_US if is_rejected else first_us + number * span_us // count // STEP_US * STEP_US,
            customer_id=f"c{customer}",
            conversation_id=conversation,
            actor=random.choice(["customer", "customer", "bot", "agent"]),
            kind=random.choice(["message"] * 8 + ["resolved", "conversation_created", "ticket_linked"]),
            bot_id=bot,
            bot_name=f"Bot {random.randrange(3)}" if bot and random.random() < 0.3 else None,
            bot_version=random.choice(["1", "2"]) if bot else None,
            channel=random.choice(["web", "web", "app"]),
            ticket_id=f"t{random.randrange(9)}" if random.random() < 0.02 else None,
            ticket_type=random.choice(["refund", None]),
            preview=random.choice([None, None, False, True]),
            attributes={"test": True} if random.random() < 0.05 else None,
        )


def _again(random: Random, events: list[Event]) -> list[Event]:
    """Some events once more, some of them with other content."""
    chosen = random.sample(events, 120)
    return [each if row % 3 else {**each, "channel": "changed"} for row, each in enumerate(chosen)]


def _nearly(random: Random, events: list[Event]) -> list[Event]:
    """Events nearly in order of time, some of them twice."""
    moved = list(events)
    for _ in range(40):
        row = random.randrange(len(moved) - 20)
        moved.insert(row + random.randrange(20), moved.pop(row))
    for each in _again(random, events):
        moved.insert(random.randrange(len(moved)), each)
    return moved
