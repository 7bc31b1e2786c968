"""Costs of processes that the bench measures."""

import pytest
from bench.fresh import run_command, run_python


def test_a_measured_process_does_not_start_at_the_memory_of_the_bench() -> None:
    memory = bytearray(b"x") * 200_000_000
    peak_mb = run_python("pass").peak_mb
    del memory
    assert peak_mb < 100


def test_a_measured_process_has_its_own_memory_and_time() -> None:
    run = run_python("bytearray(b'x') * 200_000_000; sum(range(3_000_000)); print('done')")
    assert (run.stdout, run.peak_mb > 200, 0 < run.cpu_seconds < 10, run.seconds > 0) == ("done\n", True, True, True)


def test_a_measured_process_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        run_python("raise SystemExit('no such thing')")


def test_a_program_that_can_not_be_started_is_named() -> None:
    with pytest.raises(RuntimeError, match="no-such-program failed:\nIt could not be started: No such file"):
        run_command(["no-such-program"])
