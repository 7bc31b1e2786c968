"""A small account that commands can be run on."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from botmeter.cli.main import exit_code
from cli.command_line import Ran, write_files

Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run("report --account acme")`, in a folder of its own with the files of the examples."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOTMETER_DATA", str(tmp_path / "data"))

    def ran(command: str, *more: str) -> Ran:
        capsys.readouterr()
        code = exit_code([*shlex.split(command), *more])
        said = capsys.readouterr()
        return Ran(code=code, out=said.out, err=said.err)

    return ran


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
