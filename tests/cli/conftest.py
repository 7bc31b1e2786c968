"""A small account that commands can be run on."""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from botmeter.cli.main import exit_code
from botmeter.domain.durable_files import UMASK
from cli.command_line import Ran, write_files
from cli.serving import Served

Run = Callable[..., Ran]
WAYS = ("by itself", "through a server")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a module that says `BOTH_WAYS` run without a server and, in the slow lane, through one."""
    if "way" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_WAYS", False):
        metafunc.parametrize("way", [WAYS[0], pytest.param(WAYS[1], marks=pytest.mark.slow)])


@pytest.fixture(autouse=True, scope="session")
def umask() -> Iterator[None]:
    """Mask of the program, which these tests call in their own process."""
    before = os.umask(UMASK)
    yield
    os.umask(before)


@pytest.fixture
def way() -> str:
    """Way in which commands reach the data folder."""
    return WAYS[0]


@pytest.fixture
def run(way: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """`run("report --account acme")`, in a folder of its own with the files of the examples."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOTMETER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BOTMETER_WAIT", "0")

    def ran(command: str, *more: str) -> Ran:
        capsys.readouterr()
        code = exit_code([*shlex.split(command), *more])
        captured = capsys.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    if way == WAYS[0]:
        yield ran
        return
    # The server's own working folder is another one.
    server_folder = tmp_path.parent / f"{tmp_path.name}-server"
    server_folder.mkdir()
    monkeypatch.chdir(server_folder)
    through = Served(tmp_path / "data", cwd=tmp_path, streams=server_folder)
    yield lambda command, *more: through([*shlex.split(command), *more])
    through.close()


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose account acme has the events of `events.ndjson`; never changed."""
    folder = tmp_path_factory.mktemp("filled")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTMETER_DATA", str(folder / "data"))
        assert exit_code(["account", "create", "acme"]) == 0
        assert exit_code(["import", str(folder / "events.ndjson"), "--account", "acme"]) == 0
    return folder / "data"


@pytest.fixture
def acme(run: Run, filled_folder: Path, tmp_path: Path) -> Run:
    """`run`, with the account acme filled."""
    shutil.copytree(filled_folder, tmp_path / "data")
    return run
