"""Description of the measuring machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("duckdb", "pyarrow", "numba", "numpy", "polars", "pandas")


def machine_lines() -> list[str]:
    """Name, processor, memory, versions and load."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    return [
        f"machine   {platform.node()}: {_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB of memory",
        f"system    {platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"packages  {packages}",
        f"load      {load} (1, 5, 15 minutes) before the run",
    ]


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    for line in described.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
