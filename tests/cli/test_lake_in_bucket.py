"""`lake` and accounts in S3-compatible buckets: two drivers at once, killed ones, and what a store refuses."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.command_line import EVENTS, FIRST_SESSION
from cli.conftest import Run
from cli.test_failures import SOURCE
from cli.test_lake import alike
from support.bucket_server import IGNORING, LAKES, BucketServer

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

MARCH = "--from 2026-03-01 --to 2026-04-30"
Driver = Callable[[str], "subprocess.Popen[str]"]


def lines_of(month: str) -> str:
    """Content of the file of a month, which has every second event."""
    return "".join(f"{json.dumps(event)}\n" for event in EVENTS[int(month) - 1 :: 2])


def log_of(table: str, version: int) -> str:
    return f"{table}/_delta_log/{version:020}.json"


@pytest.fixture
def lake(buckets: BucketServer) -> str:
    """Address of a lake of its own, with the events in two files beside it."""
    folder = f"{LAKES}/{uuid.uuid4().hex}"
    for month in ("01", "02"):
        buckets.put(f"{folder}-events/2026/{month}/events.ndjson", lines_of(month).encode())
    return f"s3://{folder}"


@pytest.fixture
def driver(run: Run, lake: str) -> Driver:
    """Process that meters one file of the bucket into the lake."""
    assert run

    def started(month: str) -> "subprocess.Popen[str]":
        command = f"lake run {lake}-events/2026/{month}/events.ndjson --lake {lake} --account acme"
        return subprocess.Popen(
            [sys.executable, "-m", "botmeter", *command.split()],
            env={**os.environ, "PYTHONPATH": SOURCE},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def answers(run: Run, account: str) -> list[str]:
    """Report, rows, explanation and export of an account, without its name."""
    commands = (
        f"report -a {account} {MARCH} --format json",
        f"sessions -a {account} {MARCH} --format csv",
        f"sessions -a {account} {MARCH} --format json",
        f"explain {FIRST_SESSION} -a {account} --format json",
    )
    ran = [run(command) for command in commands]
    assert [each.code for each in ran] == [0, 0, 0, 0], [each.err for each in ran]
    exported = run(f"sessions -a {account} {MARCH} --format parquet -o {account}.parquet")
    assert exported.code == 0, exported.err
    content = Path(f"{account}.parquet").read_bytes().hex()
    return [*(alike(each.out) for each in ran), content]


def assert_answers_as_a_ledger(run: Run, lake: str) -> None:
    """Compare with a ledger that was sent the same files in the same order."""
    # Unless it was created with the lake.
    run(f"account create acme --lake {lake}")
    run("account create beside")
    for month in ("01", "02"):
        Path(month).mkdir()
        (Path(month) / "events.ndjson").write_text(lines_of(month), encoding="utf-8")
        assert run(f"import {month}/events.ndjson --account beside").code == 0
    assert answers(run, "acme") == answers(run, "beside")
    assert run("verify -a acme").code == 0


def test_an_account_in_a_bucket_answers_as_one_in_a_ledger(run: Run, lake: str) -> None:
    once = run(f"lake run {lake}-events/**/*.ndjson --lake {lake} --account acme --format json")
    assert (once.code, once.json["accepted"], len(once.json["files"])) == (0, 6, 2)
    again = run(f"lake run {lake}-events/2026/0?/*.ndjson --lake {lake} --account acme --format json").json
    assert (again["accepted"], len(again["files_read_before"]), again["record"]) == (0, 2, 2)
    assert_answers_as_a_ledger(run, lake)
    assert run(f"lake compact --lake {lake}").code == 0
    assert answers(run, "acme") == answers(run, "beside")
    assert run(f"lake vacuum --lake {lake}").code == 0
    assert run(f"lake verify --lake {lake}").code == 0


@pytest.mark.parametrize("ending", [log_of("receipt", 1), log_of("runs", 2)])
def test_of_two_drivers_at_once_one_is_refused_and_nothing_is_half(
    run: Run, buckets: BucketServer, driver: Driver, lake: str, ending: str
) -> None:
    assert run(f"account create acme --lake {lake}").code == 0
    buckets.hold(ending, is_done=False)
    with driver("02") as late:
        buckets.wait_for_held()
        won = run(f"lake run {lake}-events/2026/01/events.ndjson --lake {lake} --account acme --format json")
        assert (won.code, won.json["accepted"]) == (0, 3)
        buckets.release()
        _, said = late.communicate(timeout=300)
    assert late.returncode == 1
    assert "Another run has changed the lake" in said
    assert "Traceback" not in said
    shown = run(f"lake show --lake {lake} --format json").json
    assert (shown["record"], shown["events"]) == (won.json["record"], 3)
    assert run(f"lake verify --lake {lake}").code == 0
    assert run(f"lake run {lake}-events/**/*.ndjson --lake {lake} --account acme --format json").json["accepted"] == 3
    assert_answers_as_a_ledger(run, lake)


@pytest.mark.parametrize(
    ("ending", "is_done", "events"),
    [
        (log_of("receipt", 1), True, 0),
        (log_of("session", 1), False, 0),
        (log_of("runs", 2), False, 0),
        (log_of("runs", 2), True, 3),
    ],
)
def test_the_run_after_a_killed_driver_finds_the_last_record_whole_and_finishes(
    run: Run, buckets: BucketServer, driver: Driver, lake: str, *, ending: str, is_done: bool, events: int
) -> None:
    buckets.hold(ending, is_done=is_done)
    with driver("01") as killed:
        buckets.wait_for_held()
        killed.kill()
        assert killed.wait(timeout=300) == -signal.SIGKILL
    buckets.release(drops=True)
    assert run(f"lake show --lake {lake} --format json").json["events"] == events
    assert run(f"lake verify --lake {lake}").code == 0
    finished = run(f"lake run {lake}-events/**/*.ndjson --lake {lake} --account acme --format json").json
    assert (finished["accepted"], len(finished["files_read_before"])) == (6 - events, 1 if events else 0)
    assert_answers_as_a_ledger(run, lake)


COMMANDS = (
    "lake run events.ndjson --lake {lake} --account acme",
    "lake show --lake {lake}",
    "lake compact --lake {lake}",
    "lake vacuum --lake {lake}",
    "lake verify --lake {lake}",
    "account create other --lake {lake}",
    f"report -a acme {MARCH}",
    f"sessions -a acme {MARCH} --format csv",
)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("AWS_ACCESS_KEY_ID", "someone-elses", "The access key does not exist (InvalidAccessKeyId)"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "Connect"),
        ("AWS_ENDPOINT_URL", "localhost:9000", "'localhost:9000' is not the address of a server"),
    ],
)
def test_a_store_that_refuses_is_named_by_every_command(
    run: Run, lake: str, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    """The codes are lake_storage_failed, endpoint_invalid and, of a file of events, bucket_failed."""
    run(f"account create acme --lake {lake}")
    assert run(f"lake run events.ndjson --lake {lake} --account acme").code == 0
    monkeypatch.setenv(variable, value)
    refused = [run(command.format(lake=lake)) for command in COMMANDS]
    assert [each.code for each in refused] == [1] * len(COMMANDS)
    for command, each in zip(COMMANDS, refused, strict=True):
        assert "Traceback" not in each.err, command
        assert len(each.err.strip().splitlines()) <= 4, each.err
        assert reason in each.err or "ACCESS_DENIED" in each.err or "NETWORK" in each.err, (command, each.err)
    inputs = run(f"lake run {lake}-events/**/*.ndjson --lake folder --account acme")
    assert (inputs.code, "Traceback" in inputs.err) == (1, False)


def test_what_is_not_in_the_store_is_named(run: Run, lake: str) -> None:
    """The codes are lake_missing, file_missing and lake_store_unsafe."""
    assert "There is no lake at" in run(f"lake show --lake {lake}").err
    assert "No file is named as" in run(f"lake run {lake}-events/*.csv --lake {lake} --account acme").err
    assert "There is no file" in run(f"lake run {lake}-events/none.csv --lake {lake} --account acme").err
    missing = run("lake run events.ndjson --lake s3://no-such-bucket/acme --account acme")
    assert (missing.code, "bucket does not exist" in missing.err) == (1, True)
    unsafe = run(f"account create acme --lake s3://{IGNORING}/{uuid.uuid4().hex}")
    assert (unsafe.code, "ignores conditional writes" in unsafe.err) == (1, True)
    assert run("account list --format json").json == []
