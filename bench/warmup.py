"""Compiled and cached passes, so that no measurement waits for the compiler."""

import tempfile
from pathlib import Path

from bench.fresh import botmeter
from bench.importing import imported
from bench.traffic import typical

# As NDJSON, more than the least size of which lines are scanned.
_NDJSON_EVENTS = 20_000


def compile_kernel() -> None:
    """Compile the kernel and the scanner of lines by imports of few events, and a report."""
    with tempfile.TemporaryDirectory() as folder:
        imported(typical(_NDJSON_EVENTS).ndjson(), folder=Path(folder) / "data")
        imported(typical(1_000).parquet(), folder=Path(folder) / "data")
        botmeter("report", "--account", "bench", "--data", str(Path(folder) / "data"))
