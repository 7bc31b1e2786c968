"""Alerts whose line is crossed by many at once."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from support.crossing_race import notifications_put


def test_eight_threads_of_two_processes_cross_one_line_and_one_notification_is_put(tmp_path: Path) -> None:
    """Case 31."""
    folder = tmp_path / "data"
    assert notifications_put(folder, environment=dict(os.environ)) == 1
    with closing(sqlite3.connect(folder / "people.sqlite3")) as people:
        rows = people.execute("SELECT level, state FROM people_alertcrossing ORDER BY level").fetchall()
        assert rows == [("50", "superseded"), ("80", "fired")]
        assert people.execute("SELECT count(*) FROM people_notification").fetchone() == (1,)
