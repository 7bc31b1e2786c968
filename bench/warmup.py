"""The kernel compiled and kept on disk, so that no measurement waits for the compiler."""

import tempfile
from pathlib import Path

from bench.fresh import botmeter
from bench.importing import imported
from bench.traffic import typical


def compile_kernel() -> None:
    """Compile the kernel: import a thousand events and report on them with the program itself."""
    with tempfile.TemporaryDirectory() as folder:
        imported(typical(1_000).parquet(), folder=Path(folder) / "data")
        botmeter("report", "--account", "bench", "--data", str(Path(folder) / "data"))
