"""Failures around the program: bugs, Ctrl-C, a reader that goes away, a second process."""

import fcntl
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from botmeter.cli import report as reporting
from botmeter.cli.failures import exit_code_of
from botmeter.domain.errors import BotmeterError, Missing, Refused, Unavailable
from cli.conftest import Run

# Written to a terminal after a process has ended: a single read may return less than the process has written.
END = b"end of output"
SOURCE = str(Path(__file__).parents[2] / "src")


def started(arguments: str, folder: Path, **streams: object) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "BOTMETER_DATA": str(folder), "PYTHONPATH": SOURCE}
    command = [sys.executable, "-m", "botmeter", *arguments.split()]
    return subprocess.Popen(command, env=environment, **streams)  # type: ignore[call-overload]


def test_a_bug_is_reported_with_a_reference_and_its_trace_is_in_a_file(
    acme: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug for the test")

    monkeypatch.setattr(reporting.options, "requested_days", broken)
    ran = acme("report --account acme")
    assert ran.code == 1
    assert ran.out == ""
    assert "Traceback" not in ran.err
    [log] = (tmp_path / "data" / "logs").iterdir()
    assert log.stem.rpartition("-")[2] in ran.err
    assert "a bug for the test" in log.read_text()


def test_a_trace_that_can_not_be_written_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reporting.options, "requested_days", broken)
    (tmp_path / "file").write_text("")
    ran = run("report --account acme --data file")
    assert ran.code == 1
    assert "could not be written" in ran.err


def test_ctrl_c_prints_that_nothing_was_changed(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reporting.options, "requested_days", interrupted)
    ran = acme("report --account acme")
    assert ran.code == 130
    assert ran.err == "stopped; nothing was changed\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("period_reversed", "…"), 2),
        (Refused("account_name_invalid", "…"), 2),
        (Missing("account_unknown", "…"), 1),
        (Unavailable("disk_full", "…"), 1),
        (BotmeterError("anything_new", "…"), 1),
    ],
)
def test_an_error_has_the_exit_code_of_its_kind(error: BotmeterError, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.slow
def test_a_closed_pipe_ends_the_command_silently(filled_folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = started("sessions --account acme --format csv", filled_folder, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, message = process.communicate()
    assert process.returncode == 141
    assert message == b""


@pytest.mark.slow
def test_a_second_process_gets_the_name_of_the_folder_s_owner(acme: Run, tmp_path: Path) -> None:
    with (tmp_path / "data" / "owner.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write("4711 botmeter import")
        lock.flush()
        process = started("report --account acme", tmp_path / "data", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, message = process.communicate()
    assert process.returncode == 1
    assert out == b""
    assert message.startswith(b"error: ")
    assert b"4711" in message
    assert b"botmeter import" in message


@pytest.mark.slow
def test_the_installed_program_ends_with_the_command_s_exit_code(tmp_path: Path) -> None:
    process = started("report --account ../acme", tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, message = process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert message.count(b"\n") == 1


@pytest.mark.slow
def test_a_terminal_that_can_not_show_unicode_gets_ascii(filled_folder: Path) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [
        sys.executable,
        "-m",
        "botmeter",
        "report",
        "--account",
        "acme",
        "--from",
        "2026-03-01",
        "--to",
        "2026-04-30",
    ]
    variables = {**os.environ, **environment, "BOTMETER_DATA": str(filled_folder), "PYTHONPATH": SOURCE}
    ran = subprocess.run(command, env=variables, capture_output=True, check=True)
    assert ran.stdout.isascii()
    assert b"###" in ran.stdout
    assert ran.stderr == b""


@pytest.mark.slow
@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_unless_no_color_is_set(
    filled_folder: Path, no_color: str, *, is_coloured: bool
) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "botmeter", "report", "--account", "acme"]
    variables = {
        **os.environ,
        "NO_COLOR": no_color,
        "TERM": "xterm",
        "BOTMETER_DATA": str(filled_folder),
        "PYTHONPATH": SOURCE,
    }
    subprocess.run(command, env=variables, stdout=terminal, stderr=subprocess.DEVNULL, check=True)
    os.close(terminal)
    text = os.read(controller, 65_536)
    os.close(controller)
    assert (b"\x1b[" in text) is is_coloured


@pytest.mark.slow
def test_progress_is_drawn_on_a_terminal_alone(acme: Run, tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "botmeter", "import", "events.ndjson", "--account", "acme", "--format", "json"]
    variables = {**os.environ, "TERM": "xterm", "BOTMETER_DATA": str(tmp_path / "data"), "PYTHONPATH": SOURCE}
    ran = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=terminal, check=True, cwd=tmp_path)
    os.write(terminal, END)
    drawn = b""
    while END not in drawn:
        drawn += os.read(controller, 65_536)
    os.close(terminal)
    os.close(controller)
    assert b"importing" in drawn
    assert ran.stdout.startswith(b"{")
