"""`kill -9` at random moments of an import: what was acknowledged is there, once, and it can be run again."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from subprocess import Popen, TimeoutExpired

import pytest
from tests.support.importing_process import ACCOUNT, NOW_US, submission
from tests.support.ledgers import ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.ledger.append import append
from botmeter.ledger.folder import Folder
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.faults

EVENTS_EACH = 2_000
# About as long as the program takes for four chunks, so that a kill comes anywhere in the first few.
MOMENT_SECONDS_MAX = 1.2
Importing = Callable[..., Popen[str]]


def acknowledged(printed: str) -> set[int]:
    """The chunks whose receipts had been said; half a line is no receipt."""
    whole = printed[: printed.rfind("\n") + 1]
    return {int(line.split()[0]) for line in whole.splitlines()}


def stored(folder: Folder) -> dict[int, int]:
    """Number of events of each chunk; the ledger verifies as clean."""
    with folder.ledger(ACCOUNT) as ledger:
        verification = verify(ledger)
        assert verification.is_clean, "\n".join(map(str, verification.differences))
        query = "SELECT split_part(event_id, '-', 1)::INTEGER, count(*) FROM event GROUP BY 1"
        return dict(ledger.connection.execute(query).fetchall())


def assert_whole_after_kills(importing: Importing, data: Path, *, kill_count: int) -> None:
    random = Random(kill_count)
    done: set[int] = set()
    for _ in range(kill_count):
        # The last chunk that was kept is sent again, as by someone who does not know what was kept.
        process = importing(max(0, max(done, default=0)), 1_000)
        with suppress(TimeoutExpired):
            process.wait(timeout=random.uniform(0, MOMENT_SECONDS_MAX))
        process.kill()
        printed, output = process.communicate()
        assert output == ""
        with Folder.owned(data, purpose="a test") as folder:
            event_counts = stored(folder)
        assert acknowledged(printed) <= set(event_counts)
        assert done <= set(event_counts)
        assert set(event_counts.values()) <= {EVENTS_EACH}
        done = set(event_counts)
    last = max(done, default=0) + 1
    finished = importing(0, last + 1)
    assert finished.wait() == 0
    finished.communicate()
    assert_same_as_never_killed(data, last)


def assert_same_as_never_killed(data: Path, last: int) -> None:
    undisturbed = ledger_in_memory()
    append(undisturbed, [submission(chunk, EVENTS_EACH) for chunk in range(last + 1)], now_us=NOW_US)
    with Folder.owned(data, purpose="a test") as folder, folder.ledger(ACCOUNT) as ledger:
        assert table_meaning(ledger) == table_meaning(undisturbed)
        assert verify(ledger).is_clean


def test_an_import_killed_five_times_loses_and_doubles_nothing(importing: Importing, data: Path) -> None:
    assert_whole_after_kills(importing, data, kill_count=5)


def test_an_import_killed_twenty_times_loses_and_doubles_nothing(importing: Importing, data: Path) -> None:
    assert_whole_after_kills(importing, data, kill_count=20)


def test_the_lock_of_a_killed_process_is_gone_with_it(importing: Importing, data: Path) -> None:
    process = importing(0, 1_000)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert (data / "owner.lock").read_text().startswith(f"{process.pid} ")
    with Folder.owned(data, purpose="a test") as folder, folder.ledger(ACCOUNT) as ledger:
        assert ledger.account.name == ACCOUNT
