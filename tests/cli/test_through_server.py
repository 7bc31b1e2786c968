"""Commands through a server when things go otherwise: stops, ends, kills, strangers, long paths, other versions."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from botmeter.cli import through_server
from botmeter.cli.hosted import run_hosted
from botmeter.cli.main import exit_code
from botmeter.domain.errors import BotmeterError, Conflict, NotAllowed, Unavailable
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.verify import verify
from botmeter.server import command_host as hosting
from botmeter.server import owner_client, owner_socket
from botmeter.server.command_host import serve_commands
from cli.command_line import EVENTS, event, ndjson
from cli.conftest import Run
from cli.serving import SOURCE, ran_with_descriptors, served, server_process

# Far longer than any step takes; a test that needs it has failed.
STUCK_SECONDS = 120
# More than a pipe and the reader's buffers hold: whoever has written it knows that the other end is reading.
MUCH = ndjson(
    event(f"k-{number}", "2026-03-30T22:00:00Z", customer_id=f"c-{number}", text="x" * 200) for number in range(5_000)
).encode()
PERIOD = ["--from", "2026-03-01", "--to", "2026-04-30"]


@pytest.fixture
def data(acme: Run, tmp_path: Path) -> Path:
    """A data folder with a filled account that nobody owns."""
    return tmp_path / "data"


def started(data: Path, *arguments: str, **streams: object) -> "subprocess.Popen[bytes]":
    usual: dict[str, object] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "BOTMETER_DATA": str(data), "PYTHONPATH": SOURCE}
    command = [sys.executable, "-m", "botmeter", *arguments]
    return subprocess.Popen(command, env=environment, **{**usual, **streams})  # type: ignore[call-overload]


def code_of(data: Path, *arguments: str) -> int:
    """The exit code of a command that has ended."""
    with started(data, *arguments) as process:
        process.communicate(timeout=STUCK_SECONDS)
    return process.returncode


def importing(data: Path) -> "subprocess.Popen[bytes]":
    """An import through the server that has read some events and waits for more."""
    process = started(data, "import", "-", "-a", "acme")
    assert process.stdin is not None
    process.stdin.write(MUCH)
    process.stdin.flush()
    return process


def assert_unchanged(ledgers: OpenLedgers) -> None:
    """Nothing came in, and the next writer finds a whole ledger."""
    with ledgers.writing("acme") as ledger:
        result = verify(ledger)
    assert result.is_clean
    assert result.event_count == len(EVENTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("command", "link"),
    [
        ("source create desk -a acme --platform rasa", "http://127.0.0.1:8123/api/v1/webhooks/desk/wh_"),
        (
            "source create desk -a acme --platform rasa --url https://meter.example",
            "https://meter.example/api/v1/webhooks/desk/wh_",
        ),
        # It runs beside the server, not in it.
        ("user create eve@example.org", "http://127.0.0.1:8123/password/"),
    ],
)
def test_a_link_begins_with_the_address_of_the_running_server(
    data: Path, tmp_path: Path, command: str, link: str
) -> None:
    with served(data, served_at="http://127.0.0.1:8123"):
        words = [*command.split(), "--data", str(data)]
        ran = ran_with_descriptors(lambda: exit_code(words), cwd=tmp_path, streams=tmp_path)
    assert ran.out.startswith(link), ran.err


def test_a_suspended_server_and_none_have_no_known_address(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_client, "_ADDRESS_SECONDS", 0.01)
    with owner_socket.bound(data):
        assert owner_client.served_at(data) is None
    assert owner_client.served_at(data) is None


@pytest.mark.slow
def test_a_client_killed_during_an_import_leaves_the_ledger_intact(data: Path) -> None:
    with served(data) as ledgers:
        process = importing(data)
        process.kill()
        process.wait(STUCK_SECONDS)
        # The pipe is still open at our end: the server does not wait for what will never come.
        assert_unchanged(ledgers)
        process.communicate()


@pytest.mark.slow
def test_ctrl_c_stops_the_command_in_the_server(data: Path) -> None:
    with served(data) as ledgers:
        process = importing(data)
        process.send_signal(signal.SIGINT)
        assert process.wait(STUCK_SECONDS) == 130
        assert_unchanged(ledgers)
        out, message = process.communicate()
        assert (out, message) == (b"", b"stopped; nothing was changed\n")


@pytest.mark.slow
def test_ctrl_c_stops_a_command_that_is_metering(data: Path) -> None:
    """The compiled kernel and DuckDB are interrupted too, at any point of their work."""
    with served(data) as ledgers:
        process = started(data, "demo", "--no-serve", "--events", "300000")
        assert process.stderr is not None
        assert process.stderr.readline() == b"filling the demo account; this takes a few seconds\n"
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=STUCK_SECONDS)
        assert (process.returncode, message) == (130, b"stopped; nothing was changed\n")
        with ledgers.writing("maple-and-moor") as ledger:
            result = verify(ledger)
    assert (result.event_count, result.is_clean) == (0, True)


@pytest.mark.slow
def test_a_server_that_ends_stops_commands_with_a_message(data: Path) -> None:
    with served(data) as ledgers:
        process = importing(data)
        with ledgers.reading("acme") as reader:
            before = reader.version
    out, message = process.communicate(timeout=STUCK_SECONDS)
    assert (process.returncode, out) == (1, b"")
    assert message == b"error: The server is stopping; nothing was changed. Try again.\n"
    with Folder.owned(data, purpose="a test") as folder:
        ledgers = OpenLedgers(folder)
        assert_unchanged(ledgers)
        with ledgers.reading("acme") as reader:
            assert reader.version > before
        ledgers.close()


@pytest.mark.slow
def test_a_reader_during_an_import_sees_the_state_before_it(data: Path) -> None:
    report = ["report", "-a", "acme", *PERIOD, "--format", "json"]
    with served(data):
        before, _ = started(data, *report).communicate()
        process = importing(data)
        during, _ = started(data, *report).communicate()
        receipt, _ = process.communicate(timeout=STUCK_SECONDS)
        after, _ = started(data, *report).communicate()
    assert process.returncode == 0
    assert b"5,000" in receipt
    assert during == before != after


@pytest.mark.slow
def test_two_concurrent_imports_are_both_stored(data: Path) -> None:
    with served(data) as ledgers:
        first = importing(data)
        second = started(data, "import", "-", "-a", "acme", "--source", "other")
        assert first.stdin is not None
        first.stdin.close()
        second.communicate(MUCH, timeout=STUCK_SECONDS)
        first.stdin = None
        first.communicate(timeout=STUCK_SECONDS)
        assert (first.returncode, second.returncode) == (0, 0)
        with ledgers.writing("acme") as ledger:
            assert verify(ledger).event_count == len(EVENTS) + 10_000


@pytest.mark.slow
def test_after_a_killed_server_the_client_gets_a_message_and_the_folder_is_free(data: Path, run: Run) -> None:
    """The client's error is `server_gone`."""
    with server_process(data) as server:
        process = importing(data)
        server.kill()
        server.wait(STUCK_SECONDS)
        out, message = process.communicate(timeout=STUCK_SECONDS)
    assert (process.returncode, out) == (1, b"")
    assert message.startswith(b"error: The server that owns ")
    assert b"ended before it answered" in message
    assert (data / "owner.socket").is_socket()
    assert run("verify -a acme --format json").json["events"] == len(EVENTS)
    with served(data) as ledgers:
        assert code_of(data, "report", "-a", "acme") == 0
        assert_unchanged(ledgers)


@pytest.mark.slow
def test_a_process_that_ends_stops_its_commands_first(data: Path) -> None:
    with server_process(data) as server:
        process = importing(data)
        assert server.stdin is not None
        server.stdin.close()
        # The import waits for more events, and must not get their end before the server has stopped it.
        assert server.wait(STUCK_SECONDS) == 0
        _, message = process.communicate(timeout=STUCK_SECONDS)
    assert (process.returncode, message) == (1, b"error: The server is stopping; nothing was changed. Try again.\n")
    assert not (data / "owner.socket").exists()


def refused_with(data: Path, *arguments: str) -> str:
    """The code of what the command was refused with before it began; empty if it was run."""
    try:
        through_server.code_from_server(data, arguments=arguments)
    except BotmeterError as error:
        return error.code
    return ""


def test_a_server_of_another_version_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "__version__", "9.9.9")
    with served(data), pytest.raises(Conflict, match="is Botmeter 9.9.9, and this program is") as refused:
        through_server.code_from_server(data, arguments=["report", "-a", "acme"])
    assert refused.value.code == "server_other_version"


def test_a_server_that_accepts_no_connections_is_reported(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_client, "_GREETING_SECONDS", 0.01)
    with owner_socket.bound(data), pytest.raises(Unavailable, match="has not answered for 0.01 seconds") as refused:
        through_server.code_from_server(data, arguments=["report", "-a", "acme"])
    assert refused.value.code == "server_silent"


def test_nothing_is_sent_to_a_server_of_another_user(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(data):
        monkeypatch.setattr(owner_socket, "is_own", lambda _: False)
        assert refused_with(data, "report", "-a", "acme") == "server_other_user"


def test_only_the_owner_may_open_the_socket(data: Path) -> None:
    with served(data):
        assert (data / "owner.socket").stat().st_mode & 0o777 == 0o600
        assert not list(data.glob(".owner-*"))


@pytest.mark.slow
def test_the_server_survives_invalid_requests_on_its_socket(data: Path) -> None:
    with served(data):
        for sent in (b"", b"\0\0\0\5hello", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\2{}"):
            with owner_socket.connected(data) or socket.socket() as stranger:
                owner_socket.received(stranger)
                stranger.sendall(sent)
                stranger.shutdown(socket.SHUT_WR)
                # It is reset if it had sent more than the server read.
                with suppress(ConnectionResetError):
                    assert stranger.recv(1) == b"", sent
            assert code_of(data, "report", "-a", "acme") == 0, sent


def test_a_silent_client_does_not_keep_the_server_from_ending(data: Path) -> None:
    with served(data):
        silent = owner_socket.connected(data)
        assert silent is not None
        owner_socket.received(silent)
    assert silent.recv(1) == b""
    silent.close()


@pytest.mark.slow
def test_a_data_folder_may_have_a_long_path(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 120) / "data"
    data.mkdir(parents=True)
    with served(data):
        assert code_of(data, "account", "create", "zeta") == 0
        assert code_of(data, "report", "-a", "zeta") == 0


def test_a_long_path_that_can_not_be_shortened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_socket, "_DESCRIPTORS", tmp_path / "no proc")
    data = tmp_path / ("x" * 120) / "data"
    data.mkdir(parents=True)
    with pytest.raises(NotAllowed, match="is longer than 90 bytes") as refused, served(data):
        pass
    assert refused.value.code == "folder_path_too_long"
    assert {file.name for file in data.iterdir()} == {"owner.lock", "accounts"}


def test_a_command_waits_for_another_one_that_owns_the_folder(
    data: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTMETER_WAIT", "3600")
    owned = Folder.owned(data, purpose="botmeter import")
    owned.__enter__()
    waits: list[float] = []

    def wait_once(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            owned.__exit__(None, None, None)

    monkeypatch.setattr(owner_client.time, "sleep", wait_once)
    assert run("report -a acme").code == 0
    assert len(waits) == 3


def test_a_command_waits_for_a_server_that_is_starting(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It owns the folder already and does not listen yet."""
    monkeypatch.setenv("BOTMETER_WAIT", "3600")
    with Folder.owned(data, purpose="botmeter serve") as folder:
        ledgers = OpenLedgers(folder)
        listening = serve_commands(SharedFolder(ledgers), run=run_hosted)
        monkeypatch.setattr(owner_client.time, "sleep", lambda _: listening.__enter__())
        ran = ran_with_descriptors(lambda: exit_code(["report", "-a", "acme"]), cwd=tmp_path, streams=tmp_path)
        listening.__exit__(None, None, None)
        ledgers.close()
    assert ran.code == 0
    assert "Bot session consumption of acme" in ran.out


def test_a_ledger_that_is_busy_in_the_server_is_reported(data: Path, tmp_path: Path) -> None:
    with served(data, wait_seconds=0) as ledgers, ledgers.writing("acme"):
        command = lambda: exit_code(["import", str(tmp_path / "events.ndjson"), "-a", "acme"])  # noqa: E731
        ran = ran_with_descriptors(command, cwd=tmp_path, streams=tmp_path)
    assert ran.code == 1
    assert ran.err.startswith("error: The ledger of account acme is in use")


def test_colours_and_width_are_those_of_the_client_s_terminal(data: Path) -> None:
    controller, terminal = pty.openpty()
    environment = {"NO_COLOR": "", "TERM": "xterm", "COLUMNS": "60", "BOTMETER_DATA": str(data), "PYTHONPATH": SOURCE}
    with served(data):
        command = [sys.executable, "-m", "botmeter", "report", "--account", "acme"]
        subprocess.run(command, env={**os.environ, **environment}, stdout=terminal, check=True)
    os.close(terminal)
    screen = os.read(controller, 65_536)
    os.close(controller)
    assert b"\x1b[" in screen


@pytest.mark.slow
def test_a_confirmation_is_read_from_the_client_s_terminal(data: Path) -> None:
    controller, terminal = pty.openpty()
    with served(data) as ledgers:
        process = started(data, "erase", "cus_8401", "-a", "acme", stdin=terminal, stderr=terminal)
        question = b""
        while b"Type yes to continue: " not in question:
            question += os.read(controller, 65_536)
        os.write(controller, b"no\n")
        assert process.wait(STUCK_SECONDS) == 1
        assert_unchanged(ledgers)
        process.communicate()
    os.close(terminal)
    os.close(controller)


@pytest.mark.slow
def test_a_closed_pipe_ends_the_command_silently(data: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with served(data):
        process = started(data, "sessions", "-a", "acme", "--format", "csv", *PERIOD, stdout=writing)
        os.close(writing)
        _, message = process.communicate(timeout=STUCK_SECONDS)
    assert process.returncode == 141
    assert message == b""


@pytest.mark.slow
def test_a_command_that_writes_to_a_full_pipe_can_be_stopped(data: Path) -> None:
    with served(data) as ledgers:
        assert started(data, "import", "-", "-a", "acme").communicate(MUCH) is not None
        reading, writing = os.pipe()
        process = started(data, "quarantine", "export", "-a", "acme", stdout=writing)
        rows = started(data, "sessions", "-a", "acme", "--format", "json", *PERIOD, stdout=writing)
        os.close(writing)
        for each in (process, rows):
            each.kill()
            each.communicate(timeout=STUCK_SECONDS)
        os.close(reading)
        with ledgers.exclusively("acme"):
            pass


@pytest.mark.slow
def test_concurrent_commands_keep_their_output_apart(data: Path, tmp_path: Path) -> None:
    codes: dict[str, tuple[int, bytes]] = {}

    def run(name: str) -> None:
        process = started(data, "account", "create", name)
        _, message = process.communicate(timeout=STUCK_SECONDS)
        codes[name] = (process.returncode, message)

    with served(data):
        threads = [threading.Thread(target=run, args=(f"n{number}",)) for number in range(5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert {code for code, _ in codes.values()} == {0}
    assert all(f"created account {name} in".encode() in message for name, (_, message) in codes.items())


def test_a_bug_in_a_command_is_reported_and_the_server_keeps_running(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug for the test")

    report: Callable[[], int] = lambda: exit_code(["report", "-a", "acme"])  # noqa: E731
    with served(data):
        with monkeypatch.context() as patch:
            patch.setattr("botmeter.cli.options.query_of", broken)
            ran = ran_with_descriptors(report, cwd=tmp_path, streams=tmp_path)
        assert ran.code == 1
        assert "something went wrong inside Botmeter" in ran.err
        assert ran_with_descriptors(report, cwd=tmp_path, streams=tmp_path).code == 0
