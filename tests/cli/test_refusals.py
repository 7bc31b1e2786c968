"""Refusals of the command line itself: their codes, and the thing that each message names."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botmeter.cli.confirm import confirm
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.event_files import source_files
from botmeter.cli.output import atomic_file, format_of_file
from botmeter.cli.policies import set_policy_of_account
from botmeter.cli.policy_texts import policy_named
from botmeter.domain.errors import BotmeterError
from botmeter.sources.table_options import TableOptions


def entered(context: Any) -> None:
    with context:
        raise AssertionError("It should have been refused.")


REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "arguments_clash": (
        lambda: source_files(["-", "-"], mapping=None, input_format=None, table=TableOptions()),
        "only once",
    ),
    "output_format_unknown": (lambda: format_of_file(Path("rows.docx")), "rows.docx"),
    "policy_file_missing": (lambda: policy_named("missing.toml"), "missing.toml"),
    "policy_file_unreadable": (lambda: policy_named("noise.toml"), "noise.toml"),
    "folder_unknown": (lambda: entered(owned_folder(Path("nowhere"))), "nowhere"),
    "file_not_writable": (lambda: entered(atomic_file(Path("nowhere/rows.csv"))), "nowhere/rows.csv"),
    "yes_needed": (lambda: confirm("Everything will be deleted.", yes=False), "Everything will be deleted."),
    "remeter_needed": (lambda: set_policy_of_account("lex.request", "acme", first="2026-03-01"), "2026-03-01"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_its_code_and_names_the_thing(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (tmp_path / "noise.toml").write_bytes(b"\xff\xfe\x00")
    refused_call, named = REFUSALS[code]
    with pytest.raises(BotmeterError) as refusal:
        refused_call()
    assert refusal.value.code == code
    assert named in refusal.value.message


def test_a_folder_instead_of_a_policy_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BotmeterError) as refusal:
        policy_named(f"{tmp_path}/")
    assert refusal.value.code == "policy_file_unreadable"
