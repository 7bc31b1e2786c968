"""The help texts: every command has examples, every example works, and help is quick because it loads little."""

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pulls import task_at
from tests.support.stand_in_api import StandInApi
from tests.support.stand_in_chatwoot import Account
from typer.main import get_command

from botmeter.cli.command_groups import examples_in
from botmeter.cli.main import app
from botmeter.people.source_pulls import set_pull
from cli.command_line import FIRST_SESSION
from cli.conftest import Run

HEAVY = {"pyarrow", "duckdb", "numba", "numpy", "rich", "msgspec", "pydantic", "pandas"}


def leaves(command: Any, path: str = "botmeter") -> Iterator[tuple[str, Any]]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


COMMANDS = dict(leaves(get_command(app)))
# `serve` runs until it is ended: what it does is tried with the pages. Spark has a lane of its own.
EXAMPLES = [
    (path, example)
    for path, command in COMMANDS.items()
    if path != "botmeter serve"
    for example in examples_in(command.epilog)
    if "--engine spark" not in example
]
_PLAN = "plan set freshworks.new --from 2026-03-01"
_PACKS = (_PLAN, "plan buy 3 --at 2026-03-20")
# Those of billing, without the account.
BILLING = {
    **dict.fromkeys(("plan buy", "plan opening", "plan forecast", "plan what-if", "plan advise"), (_PLAN,)),
    **dict.fromkeys(("plan remove", "plan correct", "plan purchases"), _PACKS),
    "plan withdraw": ("plan set freshworks.new --from 2030-01-01",),
    "botmeter statement": (*_PACKS, "statement close --through 2026-03-31"),
    "budget end": (_PLAN, "budget add 500", "budget add 2000 --sessions"),
    "correct undo": (f"correct void {FIRST_SESSION} --reason loop",),
}
_USER = ("user create ada@example.org", "user role ada@example.org viewer --account acme")
_DESK = "source create desk --account acme --platform chatwoot"
# What commands need before they run.
PREPARED = {
    **{command: tuple(f"{each} -a acme" for each in prepared) for command, prepared in BILLING.items()},
    **dict.fromkeys(("user link", "user role", "user sign-out"), _USER),
    **dict.fromkeys(("key revoke", "key rotate"), ("key create --account acme --scope reports:read --name nightly",)),
    **dict.fromkeys(
        ("lake show", "lake compact", "lake vacuum", "lake verify"),
        ("lake run events.ndjson --lake acme-lake --account acme",),
    ),
    "lake export-to-ledger": ("lake import-from-ledger --lake acme-lake --account acme",),
    "botmeter restore": ("backup acme.botmeter --account acme",),
    "customer unmerge": ("customer merge cus_8401 cus_8402 --account acme",),
    "webhooks.ndjson": (_DESK,),
}


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_examples_of_itself(path: str) -> None:
    own = examples_in(COMMANDS[path].epilog)
    assert own
    assert all(path in example for example in own)


@pytest.fixture(scope="module")
def desk_url() -> Iterator[str]:
    """The address of a Chatwoot in which nothing happens."""
    with StandInApi(answer=Account().answer).serving() as api:
        yield api.url


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("example", [example for _, example in EXAMPLES])
def test_every_example_works_as_written(
    acme: Run, example: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, desk_url: str
) -> None:
    if "--lake" in example:
        pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
    if "botmeter source" in example and "create" not in example:
        assert acme(_DESK).code == 0
        assert acme("source identity add desk 12 --account acme --bot returns").code == 0
    if "source pull" in example:
        set_pull(task_at(desk_url, "chatwoot").settings)
    for command, prepared in PREPARED.items():
        if command in example:
            assert all(acme(each).code == 0 for each in prepared)
    if "account create" in example or ("botmeter restore" in example and "--replace" not in example):
        monkeypatch.setenv("BOTMETER_DATA", str(tmp_path / "another"))
    if example.startswith("cat "):
        name, _, example = example.removeprefix("cat ").partition(" | ")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / name).read_bytes())))
    more = ["--events", "1000", "--no-serve"] if "demo" in example else []
    ran = acme(example.removeprefix("botmeter ").replace("SESSION", FIRST_SESSION), *more)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("path", ["botmeter", *COMMANDS])
def test_no_line_of_help_is_wider_than_80(run: Run, path: str) -> None:
    help_text = run(f"{path.removeprefix('botmeter').strip()} --help").out
    assert not [line for line in help_text.splitlines() if len(line) > 80]


def test_the_list_of_commands_cuts_no_sentence(run: Run) -> None:
    assert not [line for line in run("--help").out.splitlines()[1:] if line.endswith("...")]
    assert not [line for line in run("policy").out.splitlines()[1:] if line.endswith("...")]


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from botmeter.cli.main import exit_code; exit_code(['--help']);"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"


@pytest.mark.slow
def test_a_report_loads_no_more_than_it_needs(filled_folder: Path) -> None:
    script = (
        "import atexit, sys; from botmeter.cli.main import main;"
        f"sys.argv[1:] = ['report', '--account', 'acme', '--data', {str(filled_folder)!r}];"
        "heavy = {'numba', 'rich', 'pydantic', 'pandas'};"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr)); main()"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"


def test_commands_of_lakes_load_no_others() -> None:
    script = (
        "import atexit, sys; from botmeter.cli.main import main; sys.argv[1:] = ['lake', '--help'];"
        "atexit.register(lambda: print('botmeter.cli.report' in sys.modules, file=sys.stderr)); main()"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "False"
    assert ran.stdout.startswith("Usage: botmeter lake ")


def test_the_program_alone_and_a_group_alone_print_their_help(run: Run) -> None:
    assert run("").out.startswith("Usage: botmeter")
    assert run("quarantine").out.startswith("Usage: botmeter quarantine")


def test_the_version_is_printed_alone(run: Run) -> None:
    assert re.fullmatch(r"botmeter \d+\.\d+\.\d+\S*\n", run("--version").out)


def test_an_unknown_option_points_to_the_help(run: Run) -> None:
    ran = run("report --acount acme")
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "botmeter report --help" in ran.err
    assert shlex.split(ran.out) == []
