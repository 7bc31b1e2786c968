"""A disk that is full while events are imported: a sentence, nothing changed, and it works again afterwards.

The limit on the size of a file stands for the disk: the system refuses to write past it in the same way.
"""

from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from tests.support.importing_process import ACCOUNT

from botmeter.ledger.folder import Folder
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.faults

EVENTS_EACH = 2_000
Importing = Callable[..., Popen[str]]


@pytest.mark.parametrize("room_bytes", [0, 4_096, 100_000, 300_000, 600_000])
def test_an_import_into_a_full_disk_says_so_and_changes_nothing(
    importing: Importing, data: Path, room_bytes: int
) -> None:
    first = importing(0, 2)
    first.communicate()
    file = data / "accounts" / f"{ACCOUNT}.duckdb"
    limited = importing(2, 60, file_bytes_max=file.stat().st_size + room_bytes)
    printed, message = limited.communicate()
    assert limited.returncode == 1
    assert message == "disk_full: The disk is full; nothing was changed. Make room and try again.\n"
    acknowledged = {int(line.split()[0]) for line in printed.splitlines()}
    assert event_counts(data) == dict.fromkeys({0, 1} | acknowledged, EVENTS_EACH)
    again = importing(2, 3)
    assert again.wait() == 0
    again.communicate()
    assert {2, 3, 4} <= set(event_counts(data))


def event_counts(data: Path) -> dict[int, int]:
    """Number of events of each chunk; the ledger verifies as clean."""
    with Folder.owned(data, purpose="a test") as folder, folder.ledger(ACCOUNT) as ledger:
        assert verify(ledger).is_clean
        query = "SELECT split_part(event_id, '-', 1)::INTEGER, count(*) FROM event GROUP BY 1"
        return dict(ledger.connection.execute(query).fetchall())
