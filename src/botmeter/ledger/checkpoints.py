"""Checkpoints of DuckDB's write-ahead log, outside the commits of live events.

DuckDB would checkpoint within a commit and block other writers. The space of deleted rows is freed only without other
transactions, so every tenth one makes senders wait.
"""

import glob
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from botmeter.ledger.damage import damage_of
from botmeter.ledger.duckdb_settings import checkpoint, set_checkpoint_threshold
from botmeter.ledger.tables import set_meta

# A checkpoint takes about a tenth of a second, mostly for the last rows of each table, however few have changed. With
# half of this size they took a quarter of the processor time of metering.
DUE_BYTES = 32 * 1024**2
# Without settling, as in an import, DuckDB does it itself when the log has this size.
AT_THE_LATEST = "256MB"
# Until then, deleted rows cost space in the file, and little time.
ALONE_EVERY = 10


class Checkpoints:
    """Checkpoints of one open file."""

    def __init__(self, root: duckdb.DuckDBPyConnection, *, file: Path) -> None:
        self._root = root
        self._file = file
        self._count = 0
        with closing(root.cursor()) as connection:
            set_checkpoint_threshold(connection, AT_THE_LATEST)

    def catch_up(self) -> None:
        """Checkpoint if the log is large; leave a failure to the next writer unless the file must be opened again."""
        if self._log_bytes() < DUE_BYTES:
            return
        self._count += 1
        try:
            self._checkpoint()
        except duckdb.Error as problem:
            if isinstance(problem, duckdb.FatalException) or damage_of(problem, name="") is not None:
                raise

    def _checkpoint(self) -> None:
        with closing(self._root.cursor()) as connection:
            if self._count % ALONE_EVERY == 0:
                checkpoint(connection)
                return
            with closing(self._root.cursor()) as beside:
                beside.begin()
                # Undone when it is closed.
                set_meta(beside, "checkpoint", value="beside others")
                checkpoint(connection)

    def _log_bytes(self) -> int:
        # Include the next log, begun during a checkpoint.
        size_bytes = 0
        for log in self._file.parent.glob(f"{glob.escape(self._file.name)}.*"):
            with suppress(FileNotFoundError):
                size_bytes += log.stat().st_size
        return size_bytes
