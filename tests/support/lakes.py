"""Lakes beside ledgers that are sent the same files, and random files with what goes wrong in practice."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.support.event_strategies import START_US, STEP_US
from tests.support.facts import event
from tests.support.ledgers import ACME, NOW_US, Schedule
from tests.support.table_meaning import Rows, whole_meaning

from botmeter.domain.account import Account
from botmeter.domain.instant import text_from_us
from botmeter.lake.engine import Engine, Here
from botmeter.lake.lake_ledger import connection_to
from botmeter.lake.record import LakeRecord, create_lake
from botmeter.lake.root import LakeRoot
from botmeter.lake.run import FilesOfSource, LakeRun, run_lake
from botmeter.lake.stages import TaskLimits
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import InForce
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

Event = dict[str, Any]

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")


def made_lake(folder: Path, schedule: Schedule, *, account: Account = ACME) -> LakeRoot:
    return created_lake(LakeRoot.at(str(folder)), schedule, account=account)


def created_lake(root: LakeRoot, schedule: Schedule, *, account: Account = ACME) -> LakeRoot:
    create_lake(
        root, account, schedule=tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in schedule), now_us=0
    )
    return root


def written_files(folder: Path, name: str, *pieces: Sequence[Event]) -> list[SourceFile]:
    """Write each piece as a file of events."""
    files = []
    for number, piece in enumerate(pieces):
        path = folder / f"{name}-{number}.ndjson"
        lines = [json.dumps(_as_sent(each)) for each in piece]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        files.append(SourceFile(path=str(path)))
    return files


def run(
    root: LakeRoot, files: Sequence[SourceFile], *, engine: Engine | None = None, limits: TaskLimits | None = None
) -> LakeRun:
    given = FilesOfSource(files=files, name="s")
    return run_lake(root, given, engine=engine or Here(), now_us=NOW_US, limits=limits or TaskLimits())


def append_files(ledger: Ledger, files: Sequence[SourceFile], *, now_us: int = NOW_US) -> list[dict[str, int]]:
    """Append the same files to a ledger; return the counts of each."""
    submissions = [
        Submission(source="s", batches=list(batches_of_source(file, None)), label=Path(file.path).name)
        for file in files
    ]
    return [counts_of(receipt) for receipt in append(ledger, submissions, now_us=now_us)]


def counts_of(receipt: Any) -> dict[str, int]:
    return {name: getattr(receipt, name) for name in _COUNTS}


def lake_meaning(root: LakeRoot, record: LakeRecord) -> dict[str, Rows]:
    """Rows of each table of a lake, as `whole_meaning` has those of a ledger."""
    with connection_to(root, record) as connection:
        return whole_meaning(Ledger(connection))


def random_events(random: Random, count: int) -> list[Event]:
    """Events of few customers over hours, weeks or months, in any order."""
    span = random.choice([20, 400, 8_000])
    events = []
    for number in range(count):
        ticket = random.choice([None, None, None, "t1", "t2"])
        bot = random.choice(["b1", "b1", "b2", None])
        events.append(
            event(
                f"e{number}",
                START_US + random.randint(0, span) * STEP_US + random.choice([0, 0, 0, -1, 1]),
                conversation_id=f"v{random.randint(0, count // 10)}",
                customer_id=f"c{random.randint(0, count // 15)}",
                actor=random.choice(["customer", "customer", "bot", "agent", "system"]),
                kind=random.choice(["message"] * 8 + ["conversation_created", "resolved", "restart", "customer_end"]),
                bot_id=bot,
                bot_name=None if bot is None else random.choice([None, "Anna", "Berta"]),
                bot_version=random.choice([None, "1", "2"]),
                channel=random.choice(["web", "sms"]),
                preview=random.choice([None, None, None, True]),
                ticket_id=ticket,
                ticket_type=None if ticket is None else random.choice([None, "refund", "delivery"]),
                attributes=random.choice([None, {"test": True}, {"note": "é"}]),
            )
        )
    return events


def random_increments(random: Random, *, count: int, increments: int, together: int = 1) -> list[list[list[Event]]]:
    """Two files for each increment; the first `together` of them are one."""
    pieces = increments_of(random_events(random, count), random, increments=increments)
    first = [[each for piece in pieces[:together] for each in piece[number]] for number in (0, 1)]
    return [first, *pieces[together:]]


def increments_of(events: Sequence[Event], random: Random, *, increments: int) -> list[list[list[Event]]]:
    """Two files for each increment, with late events, copies of earlier ones and of their own, and conflicts."""
    count = len(events)
    sent: list[Event] = []
    pieces = []
    for number in range(increments):
        piece = [*events[number * count // increments : (number + 1) * count // increments]]
        piece += random.choices([*sent, *piece], k=count // 10)
        piece += [{**each, "channel": "other"} for each in random.choices([*sent, *piece], k=count // 40)]
        piece.append(event("too early", 0))
        random.shuffle(piece)
        sent += piece
        pieces.append([piece[: len(piece) // 2], piece[len(piece) // 2 :]])
    return pieces


def _as_sent(each: Event) -> Event:
    sent = {name: value for name, value in each.items() if name != "source" and value is not None}
    at = each["occurred_at"]
    return {**sent, "occurred_at": at if isinstance(at, str) else text_from_us(at)}
