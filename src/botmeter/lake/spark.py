"""Apache Spark as the engine of a run: each task is one partition, and runs in a Python worker.

Spark schedules tasks and repeats those of lost executors; each attempt names its files anew. No other module imports
pyspark.
"""

import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from botmeter import __version__
from botmeter.domain.errors import BotmeterError, Refused, Unavailable
from botmeter.lake.delta import require_deltalake
from botmeter.lake.engine import Outcome, Task
from botmeter.ledger.ledger import is_disk_full

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Spark:
    """Engine that runs tasks on the executors of a session."""

    def __init__(self, session: "SparkSession") -> None:
        self._session = session

    def run(self, function: Callable[[Task], Outcome], tasks: Sequence[Task]) -> list[Outcome]:
        if not tasks:
            return []
        return [_unpacked(outcome) for outcome in self._done(_packed_outcome, [(function, task) for task in tasks])]

    def check_workers(self) -> None:
        """Refuse executors without this version of Botmeter.

        Raises:
            Refused: `worker_differs`.
        """

        # Within the method, so that workers need no Botmeter to run it.
        def version_of_worker(_: bytes) -> str:
            try:
                from botmeter import __version__ as own
            except ImportError:
                return ""
            return own

        found = self._done(version_of_worker, [None] * self._session.sparkContext.defaultParallelism)
        for version in sorted({*found} - {__version__}):
            what = f"Botmeter {version}" if version else "no Botmeter"
            raise Refused(
                "worker_differs",
                f"A worker of Spark has {what}, and this driver has {__version__}. Install botmeter[lake] "
                f"{__version__} for the Python of all workers (PYSPARK_PYTHON).",
            )

    def _done(self, function: Callable[[bytes], Any], tasks: Sequence[object]) -> list[Any]:
        # Not with data frames: in Python, those of Arrow want pandas.
        with _failures_named():
            packed = [pickle.dumps(task) for task in tasks]
            # A partition each, so that a worker takes the next one as soon as it is free.
            done: list[Any] = self._session.sparkContext.parallelize(packed, len(packed)).map(function).collect()
        return done


@contextmanager
def spark_engine(master: str | None) -> Iterator[Spark]:
    """Start a session whose workers can do the tasks; `master` None: that of spark-submit.

    Raises:
        Refused: `extra_missing`, `java_missing`, `worker_differs`.
    """
    session = _session(master)
    try:
        engine = Spark(session)
        engine.check_workers()
        yield engine
    finally:
        session.stop()


def _session(master: str | None) -> "SparkSession":
    require_deltalake()
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as problem:
        raise Refused(
            "extra_missing", "The engine spark needs the package pyspark. Install it: pip install 'botmeter[spark]'."
        ) from problem
    builder = SparkSession.builder.appName("botmeter").config("spark.log.level", "ERROR")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master is not None:
        builder = builder.master(master)
    try:
        with _failures_named(excepting=PySparkRuntimeError):
            session = builder.getOrCreate()
    except (OSError, PySparkRuntimeError) as problem:
        raise Refused(
            "java_missing", "Spark could not be started: it needs Java 17 or newer. Install it, or set JAVA_HOME."
        ) from problem
    if session.sparkContext.master.startswith("local"):
        # Its workers are on this machine; PySpark would take the first python3 of the path.
        session.sparkContext.pythonExec = sys.executable
    return session


@contextmanager
def _failures_named(*, excepting: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except excepting:
        raise
    except (PySparkException, Py4JError) as problem:
        lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
        raise Unavailable(
            "spark_failed", f"Spark could not do the tasks; nothing was recorded. It says: {' '.join(lines)[:400]}"
        ) from problem


def _packed_outcome(packed: bytes) -> bytes:
    # A refusal is an outcome, which Spark would repeat in vain.
    function, task = pickle.loads(packed)  # noqa: S301 - it comes from the driver of this run
    try:
        return pickle.dumps((function(task), None))
    except BotmeterError as error:
        return _packed_error(type(error), error.code, error.message)
    except (OSError, duckdb.IOException) as problem:
        # Other failures of storage may pass, so Spark repeats the task.
        if not is_disk_full(problem):
            raise
        # The driver's own handling names the lake.
        return _packed_error(type(problem), str(problem))


def _packed_error(kind: type[Exception], *arguments: str) -> bytes:
    return pickle.dumps((None, (kind, arguments)))


def _unpacked(packed: bytes) -> Any:
    outcome, error = pickle.loads(packed)  # noqa: S301 - it comes from a worker of this run
    if error is not None:
        kind, arguments = error
        raise kind(*arguments)
    return outcome
