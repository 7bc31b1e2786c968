"""Compiled and cached kernel, so that no measurement waits for the compiler."""

import tempfile
from pathlib import Path

from bench.fresh import botmeter
from bench.importing import imported
from bench.traffic import typical


def compile_kernel() -> None:
    """Compile the kernel by an import of a thousand events and a report."""
    with tempfile.TemporaryDirectory() as folder:
        imported(typical(1_000).parquet(), folder=Path(folder) / "data")
        botmeter("report", "--account", "bench", "--data", str(Path(folder) / "data"))
