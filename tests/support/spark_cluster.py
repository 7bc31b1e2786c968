"""A Spark cluster on this machine: a master and workers on loopback, each with one core."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

_STARTED_SECONDS_MAX = 90.0
_CLASS = "org.apache.spark.deploy"
_HOME = Path(pyspark.__file__).parent
_TESTS = Path(__file__).parents[1]


def environment(folder: Path) -> dict[str, str]:
    """Variables of the cluster's processes and of drivers."""
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "SPARK_HOME": str(_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
        # For tasks of the tests' own.
        "PYTHONPATH": os.pathsep.join([str(_TESTS.parent), str(_TESTS)]),
    }


@contextmanager
def cluster(folder: Path, *, workers: int = 2, python_path: Path | None = None) -> Iterator[str]:
    """Start a master and its workers; return the master's address. `python_path` comes first in workers."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        master = _start(folder, "master", arguments=[f"{_CLASS}.master.Master", "--host", "127.0.0.1", "--port", "0"])
        started.append(master)
        address = _line(folder / "master.log", r"Starting Spark master at (spark://\S+)", of=master)
        for number in range(workers):
            name = f"worker-{number}"
            command = [f"{_CLASS}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "3g"]
            worker = _start(
                folder, name, python_path=python_path, arguments=[*command, "--work-dir", str(folder / name), address]
            )
            started.append(worker)
            _line(folder / f"{name}.log", r"(Successfully registered with master)", of=worker)
        yield address
    finally:
        for process in reversed(started):
            # With the executors, which are in its group.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _start(
    folder: Path, name: str, *, arguments: list[str], python_path: Path | None = None
) -> subprocess.Popen[bytes]:
    variables = environment(folder)
    if python_path is not None:
        variables["PYTHONPATH"] = str(python_path)
    command = [str(_HOME / "bin" / "spark-class"), arguments[0], "--webui-port", "0", *arguments[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, env=variables, stdout=log, stderr=log, start_new_session=True)


def _line(log: Path, pattern: str, *, of: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + _STARTED_SECONDS_MAX
    while time.monotonic() < end and of.poll() is None:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found is not None:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"{log.name} has no line like {pattern}: {log.read_text(errors='replace')[-2000:]}")
