"""A race of processes with eight threads each for the slots of a schedule.

`python -m tests.support.racing_schedules FOLDER` prints `ready`, waits for a line, and prints the number of slots that
its threads used.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botmeter.people.database import open_people
from botmeter.server.asgi import DJANGO_SETTINGS

THREADS = 8
SLOTS = 10
_REPOSITORY = Path(__file__).parents[2]
_FIRST = datetime(2026, 4, 1, 9, tzinfo=UTC)


def used_slots(folders: Sequence[Path]) -> int:
    """Run a process for each data folder, which begin at once; return how many slots they used together."""
    # As a module: in this file's folder, `html` would hide Python's own.
    command = [sys.executable, "-m", "tests.support.racing_schedules"]
    processes = []
    for folder in folders:
        process = subprocess.Popen(
            [*command, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_REPOSITORY
        )
        processes.append(process)
        assert process.stdout is not None
        # One after the other, as the first one creates the tables.
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sum(int(process.communicate()[0]) for process in processes)


def main(folder: Path) -> None:
    open_people(folder, django_settings=DJANGO_SETTINGS)
    from django.db import connections

    from botmeter.people.notifications.editions import report_edition
    from botmeter.people.notifications.schedule_models import Schedule
    from botmeter.people.notifications.schedules import timing_of, use_slot

    fields = {"account": "acme", "name": "x", "subject": "view", "cadence": "daily", "hour": 9, "timezone": "UTC"}
    recipients = [{"email": "ada@example.org"}, {"email": "bea@example.org"}]
    key = {"form_token": "0" * 32}
    schedule, _ = Schedule.objects.get_or_create(**key, defaults={**fields, "recipients": recipients})
    timing, used, begin = timing_of(schedule), [], threading.Barrier(THREADS)

    def race() -> None:
        begin.wait()
        for number in range(SLOTS):
            slot = timing.newest_slot(at=_FIRST + timedelta(days=number))
            if use_slot(schedule, report_edition(slot, timing=timing)) is not None:
                used.append(slot.on)
        connections.close_all()

    _say("ready")
    sys.stdin.readline()
    threads = [threading.Thread(target=race) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _say(str(len(used)))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
