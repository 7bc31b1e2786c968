"""Outputs that programs read, compared byte by byte; `make golden` writes the files beside this one anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from botmeter.cli.main import exit_code
from cli.command_line import write_files

PERIOD = "--account acme --from 2026-03-28 --to 2026-04-03"
OUTPUTS = {
    "report.json": f"report {PERIOD} --format json",
    "report.csv": f"report {PERIOD} --format csv",
    "report-in-kathmandu.json": f"report {PERIOD} --timezone Asia/Kathmandu --channel web --format json",
    "rows.csv": f"sessions {PERIOD} --format csv",
    "rows.json": f"sessions {PERIOD} --format json",
    "simulation.json": f"simulate {PERIOD} --policy kommunicate.mau --format json",
    "meter.json": "meter events.csv --policy freshchat.session --format json",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example files and a data folder whose account acme has their events; never changed."""
    made = tmp_path_factory.mktemp("golden")
    write_files(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTMETER_DATA", str(made / "data"))
        assert exit_code(["account", "create", "acme"]) == 0
        assert exit_code(["import", str(made / "events.ndjson"), "--account", "acme"]) == 0
    return made


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_for_programs_is_byte_for_byte_as_before(
    name: str,
    folder: Path,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BOTMETER_DATA", str(folder / "data"))
    capsys.readouterr()
    assert exit_code(OUTPUTS[name].split()) == 0
    golden(name, capsys.readouterr().out)


def test_the_sessions_of_a_file_are_byte_for_byte_as_before(
    folder: Path, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(folder)
    assert exit_code(["meter", "events.csv", "--policy", "freshchat.session", "-o", str(tmp_path / "out.csv")]) == 0
    golden("sessions.csv", (tmp_path / "out.csv").read_bytes().decode())
