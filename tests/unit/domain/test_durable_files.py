"""Files that matter: complete or not there, private, and without drafts of killed processes."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from botmeter.domain.durable_files import DRAFTS, durable_file, private_folder, temporary_folder


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Mask of a program that imports the client."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_folder_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "new")
    with durable_file(folder / "file") as file:
        file.write(b"text")
        assert [mode(draft) for draft in folder.iterdir()] == [0o600]
    assert (mode(folder), mode(folder / "file"), (folder / "file").read_bytes()) == (0o700, 0o600, b"text")


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o640)
    with durable_file(tmp_path / "file") as file:
        file.write(b"text")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o640, b"text")


def test_a_failed_write_leaves_the_file_as_it_was_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    with suppress(KeyError), durable_file(tmp_path / "file") as file:
        file.write(b"half")
        raise KeyError
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"before")]


def test_a_new_file_never_replaces_one_that_appeared_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), durable_file(tmp_path / "file", is_new=True):
        (tmp_path / "file").write_bytes(b"early")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"early")]


def test_the_next_writer_removes_the_draft_of_a_killed_process_and_no_other(tmp_path: Path) -> None:
    killed, written = (tmp_path / DRAFTS.replace("*", name) for name in ("1", "2"))
    killed.write_bytes(b"half")
    with written.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with durable_file(tmp_path / "file"):
            pass
        assert {path.name for path in tmp_path.iterdir()} == {"file", written.name}


def test_a_pipe_is_written_to_and_not_replaced() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read, os.fdopen(writing, "wb") as write:
        with durable_file(Path("/dev/fd") / str(write.fileno())) as file:
            file.write(b"text")
        write.close()
        assert read.read() == b"text"


def test_the_folder_of_a_killed_process_is_removed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = temporary_folder("mine-")
    linked = tmp_path / "mine-link"
    linked.symlink_to(tmp_path)
    program = (
        "import os, sys\nfrom botmeter.domain.durable_files import temporary_folder\n"
        "(temporary_folder('mine-') / 'file').touch()\nsys.argv[1:] and os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for arguments, code, left in (([], 0, 0), (["killed"], -signal.SIGKILL, 1)):
        ended = subprocess.run([sys.executable, "-c", program, *arguments], env=environment, check=False)
        assert (ended.returncode, len({*tmp_path.iterdir()} - {own, linked})) == (code, left)
    other = temporary_folder("mine-")
    assert {*tmp_path.iterdir()} == {own, linked, other}
