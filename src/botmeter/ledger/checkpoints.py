"""When DuckDB's log of changes is brought into the file, while live events are taken in.

DuckDB would do it within whichever commit makes the log large, and nobody else could write meanwhile: a sender would
wait for as long as it takes. So it is done here, after settling. DuckDB lets others commit while it does so as long as
one of them has begun to write; one who has, and never commits, is always found. What was deleted is given back only
when nobody is: every so often senders wait for that.
"""

import glob
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from botmeter.ledger.meta import set_meta
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# Each costs about as much whatever has changed, mostly for the last rows of each table: a tenth of a second.
DUE_BYTES = 16 * 1024**2
# Where nobody settles, such as in an import, DuckDB does it itself, at this size of the log at the latest.
AT_THE_LATEST = "256MB"
# What was deleted until then costs room in the file, and little time.
ALONE_EVERY = 10


class Checkpoints:
    """The checkpoints of one open file."""

    def __init__(self, root: duckdb.DuckDBPyConnection, *, file: Path) -> None:
        self._root = root
        self._file = file
        self._count = 0
        with closing(root.cursor()) as connection:
            connection.execute(sql("set_checkpoint_threshold"), [AT_THE_LATEST])

    def catch_up(self) -> None:
        """Brings the log into the file if it is large; a full disk or a broken file is told to whoever writes next."""
        if self._log_bytes() < DUE_BYTES:
            return
        self._count += 1
        with suppress(duckdb.Error), closing(self._root.cursor()) as connection:
            if self._count % ALONE_EVERY == 0:
                connection.execute(sql("checkpoint"))
                return
            with closing(self._root.cursor()) as beside:
                beside.begin()
                # Undone when it is closed.
                set_meta(beside, "checkpoint", value="beside others")
                connection.execute(sql("checkpoint"))

    def _log_bytes(self) -> int:
        """The size of the log, and of the next one, which DuckDB begins while it brings this one in."""
        size_bytes = 0
        for log in self._file.parent.glob(f"{glob.escape(self._file.name)}.*"):
            with suppress(FileNotFoundError):
                size_bytes += log.stat().st_size
        return size_bytes
