"""Run as `python bench/launched.py REPORT COMMAND…`: a command with its costs, and an exit code, in a file.

The kernel starts a child's peak memory at that of its parent: here some 10 MB, in the bench up to gigabytes.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Run the command that the arguments name, and write what it cost."""
    report, *command = sys.argv[1:]
    started = time.perf_counter()
    try:
        process = os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        sys.exit(f"It could not be started: {error.strerror}")
    _, status, usage = os.wait4(process, 0)
    costs = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        # In KiB on Linux, in bytes on macOS.
        "peak_mb": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    Path(report).write_text(json.dumps(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
