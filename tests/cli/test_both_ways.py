"""A command says and gives the same, byte for byte, whether it opens the ledger itself or a server runs it."""

import io
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.main import get_command

from botmeter.cli.main import app, exit_code
from cli.command_line import EVENTS, FIRST_SESSION, Ran, event, ndjson, write_files
from cli.serving import Served, ran_with_descriptors

pytestmark = pytest.mark.slow

PERIOD = "--from 2026-03-01 --to 2026-04-30"
# What is another one each time: an erased customer's pseudonym, when something was recorded, checksums, free space,
# whether a server runs, a key.
_ONCE = re.compile(
    r"erased-[0-9a-f-]{36}|20\d\d-\d\d-\d\dT[\d:.]+[Z…]|[0-9a-f]{64}|size bytes +[\d,]+|[\d.]+ GB|server +ok.*"
    r"|wh_[\w-]{43}"
)

JOURNEYS = {
    "report": [
        f"report -a acme {PERIOD}", f"report -a acme {PERIOD} --format json", f"report -a acme {PERIOD} --format csv",
        f"report -a acme {PERIOD} --bot orders --channel web", "report -a acme --from 2020-01-01 --format json",
    ],
    "rows": [
        f"sessions -a acme {PERIOD}", f"sessions -a acme {PERIOD} --format ndjson",
        f"sessions -a acme {PERIOD} -o rows.csv", f"sessions -a acme {PERIOD} -o rows.parquet",
        f"sessions -a acme {PERIOD} -o missing/rows.csv", "sessions -a acme -o rows.docx",
    ],
    "import": [
        "import events.ndjson -a acme", "import day-1.csv day-2.csv.gz -a acme --source crm --format json",
        "import - -a acme --source stdin --format json", "import mixed.ndjson -a acme", "quarantine list -a acme",
        "quarantine export -a acme -o refused.ndjson", "quarantine export -a acme --raw", "quarantine retry -a acme",
        "import chats.csv -a acme --mapping columns.toml --source mapped", "import missing.csv -a acme",
        "import webhooks.ndjson -a acme --source chatwoot --format json", "import chats.csv -a acme --source chatwoot",
        "import chats.csv -a acme --mapping missing.toml", "verify -a acme", "restatements -a acme",
    ],
    "undo": [
        "import mixed.ndjson -a acme --dry-run", "import mixed.ndjson -a acme", "imports list -a acme",
        "imports undo 2 -a acme --dry-run", "imports undo 2 -a acme --reason x", "imports list -a acme --format json",
        "quarantine groups -a acme", 'quarantine discard 1 -a acme --reason "a test"', "quarantine restore 1 -a acme",
        "quarantine discard -a acme --search x-2 --reason robot", "quarantine list -a acme --discarded --format json",
        'imports undo 1 -a acme --reason "a test" --yes', 'imports undo 1 -a acme --reason "a test" --yes',
        "imports undo 9 -a acme --dry-run", "restatements -a acme", "verify -a acme", f"report -a acme {PERIOD}",
        "account delete acme", "account delete acme --confirm other", "account delete acme --confirm acme",
        "account list",
    ],
    "keep": [
        "backup acme.botmeter -a acme", "backup acme.botmeter -a acme", "restore acme.botmeter",
        "restore acme.botmeter --replace", "restore acme.botmeter --replace --yes", "restore missing.botmeter",
        "restore acme.botmeter -a other", "account list", f"report -a other {PERIOD} --format json", "doctor",
        "doctor -a other", "doctor -a nobody",
    ],
    "erase": [
        "erase cus_8401 -a acme", "erase cus_8401 -a acme --yes", "erase cus_8401 -a acme --yes", "verify -a acme",
        f"report -a acme {PERIOD}",
    ],
    "policy": [
        "policy set my-rule.toml -a acme --from 2026-03-01", "policy set my-rule.toml -a acme",
        "policy set my-rule.toml -a acme --from 2026-03-01 --remeter",
        "policy set missing.toml -a acme", f"simulate -a acme --policy lex.request {PERIOD}", "account show acme",
        f"simulate -a acme --policy freshchat.session --policy my-rule.toml {PERIOD} --format csv",
    ],
    "explain": [
        f"explain {FIRST_SESSION} -a acme", f"explain {FIRST_SESSION} -a acme --format json", "explain nothing -a acme",
    ],
    "accounts": [
        "account create zeta --available-from 2019-01-01", "account create zeta", "account create a/b",
        "account show zeta --format json", "report -a nobody", "report -a ../acme",
        'account set acme --title "Acme & Sons"', "account set nobody --title x", "account list", "bot list -a acme",
        'bot name orders "Orders" -a acme', "bot name nothing x -a acme", "bot list -a acme --format json",
    ],
    "customers": [
        "customer merge cus_8401 cus_8402 -a acme --preview", "customer merge cus_8401 cus_8402 -a acme --format json",
        "customer merge cus_8402 cus_8401 -a acme", "customer merge cus_8401 cus_8402 -a acme",
        "customer merge same.csv -a acme", "customer merge missing.csv -a acme", "customer merge - -a acme",
        "customer aliases -a acme", "customer aliases -a acme --format json", "restatements -a acme", "verify -a acme",
        "customer unmerge cus_8402 -a acme", "customer unmerge cus_8402 -a acme", "customer unmerge -a acme",
        "customer unmerge --merge 3 -a acme --format csv", "customer unmerge --merge 3 -a acme",
        "customer aliases -a acme", "restatements -a acme --format json", "import events.ndjson -a acme",
    ],
    "sources": [
        "source create desk -a acme --platform chatwoot --bot orders", "source create desk -a acme --platform rasa",
        "source create a/b -a acme --platform rasa", "source list -a acme", "source list -a acme --format json",
        "source set desk -a acme --channel web --off", "source set desk -a acme", "source show desk -a acme",
        "source identity add desk 12 -a acme --bot orders", "source show desk -a acme --format json",
        "source identity remove desk 12 -a acme", "source identity remove desk 12 -a acme",
        "source show desk -a acme --format csv", "source rotate desk -a acme", "source rotate other -a acme",
        "source pull desk -a acme", "source pull other -a acme --since 2026-03-01", "source pull x -a acme --since x",
        "source remove desk -a acme", "source remove desk -a acme --yes", "source show desk -a acme",
    ],
    "reconcile": [
        "reconcile bill.csv -a acme", "reconcile bill.csv -a acme --format json", "reconcile day-1.csv -a acme",
        "reconcile vendor.csv -a acme", "reconcile vendor.csv -a acme --mapping vendor.toml --format csv",
        "reconcile bill.csv -a acme --period 2026-03-31..2026-03-31", "reconcile - -a acme",
        "reconcile invoice.toml -a acme", "reconcile missing.toml -a acme", "reconcile missing.csv -a acme",
        "reconcile bill.csv -a acme --tolerance 1d", "reconcile bill.csv -a acme --period 2026-03",
    ],
    "plan": [
        "plan list -a acme", "plan set freshworks.new -a acme --from 2026-03-01", "plan set session.price -a acme",
        "plan withdraw -a acme --reason no", "plan buy 3 -a acme --at 2026-03-20", "plan buy 1 -a acme --meter 2",
        "plan remove 1 -a acme --meter 1", "plan correct 1 -a acme --reason typo", "plan purchases -a acme",
        "plan opening -a acme --as-of 2026-03-12 --allowance-used 10 --pack 5@2030-12-31",
        "plan list -a acme --format json", "plan set session.price -a acme --from 2031-01-01 --replay-recharge",
        "plan forecast -a acme", "plan forecast -a acme --format csv", "plan advise -a acme",
        "plan what-if session.price -a acme --cycle 2026-03-31", "plan what-if freshworks.new -a acme --format json",
        "plan what-if nothing -a acme", "plan what-if session.price -a acme --cycle 2020-01-01",
        "plan withdraw 1 -a acme --reason no", "plan set autochat.toml -a acme", "plan purchases -a acme --format csv",
    ],
    "statement": [
        "statement list -a acme", "statement show -a acme", "statement grace 5 -a acme",
        "plan set freshworks.new -a acme --from 2026-03-01",
        "plan buy 2 -a acme --at 2026-03-20", "statement show -a acme --cycle 2026-03-31",
        "statement close -a acme --through 2026-03-31", "statement close -a acme", "statement list -a acme",
        "statement show 1 -a acme", "statement show ACME-000001 -a acme --format json", "statement show 7 -a acme",
        "statement export 1 -a acme", "statement export 1 -a acme -o r.json", "statement export 1 -a acme -o r.csv",
        "statement export 1 -a acme -o r.pdf", "statement export 1 -a acme --what sessions -o r-sessions.csv",
        "statement export -a acme --what focus", "statement export -a acme --what focus -o r-focus.csv",
        "statement export 1 -a acme --format docx", "statement export 1 -a acme --what focus --format pdf",
        f"correct void {FIRST_SESSION} -a acme --reason loop", "statement verify -a acme",
        "statement close -a acme --through 2026-04-30 --format json", "statement show 2 -a acme --format csv",
        "statement list -a acme --format json", "statement verify -a acme --format json",
        "plan set session.price -a acme --from 2026-04-01", "plan buy 1 -a acme --at 2026-04-30",
    ],
    "correct": [
        "correct list -a acme", f"correct void {FIRST_SESSION} -a acme --reason loop",
        "correct void x -a acme --reason x", f"correct void {FIRST_SESSION} -a acme --reason again",
        "correct list -a acme", "correct undo 1 -a acme --reason no", "correct undo 1 -a acme --reason no",
        "correct undo 9 -a acme --reason no", f"correct test {FIRST_SESSION} -a acme --reason test",
        "correct list -a acme --format json", "sessions -a acme --from 2026-03-01 --format csv",
        "erase cus_8401 -a acme --yes", "correct list -a acme", "correct list -a acme --format csv",
        "verify -a acme",
    ],
    "cost centre": [
        "cost-centre list -a acme", "cost-centre set Sales --bot orders --from 2026-03-01 -a acme",
        "cost-centre set Online --channel web --from 2026-03-01 -a acme", "cost-centre set x -a acme",
        "cost-centre set x --bot nobody -a acme", "cost-centre list -a acme", "cost-centre list -a acme --format json",
        f"report -a acme {PERIOD} --cost-centre Sales --format json",
        f"report -a acme {PERIOD} --not-cost-centre Sales",
        "cost-centre set '' --bot orders --from 2026-03-31 -a acme", "cost-centre list -a acme --format csv",
    ],
    "budgets": [
        "plan set session.price -a acme --from 2026-03-01", "budget list -a acme", "budget add 500.00 -a acme",
        "budget add 20 -a acme --sessions --bot orders --month --brake", "budget add x -a acme",
        "budget list -a acme --format json", "budget end 1 -a acme", "budget end 9 -a acme",
        "budget list -a acme --format csv",
    ],
    "lake": [
        "lake import-from-ledger -a acme --lake acme-lake", "lake import-from-ledger -a acme --lake other-lake",
        f"report -a acme {PERIOD} --format json", "import events.ndjson -a acme", "verify -a acme", "account show acme",
        "lake export-to-ledger -a acme --lake acme-lake", "lake export-to-ledger -a acme --lake acme-lake",
        "account create other --lake made-lake", "lake export-to-ledger -a other --lake acme-lake",
        f"report -a acme {PERIOD}", "verify -a acme",
    ],
    "wrong use": [
        "report", "report -a acme --form json", "report -a acme --from 2026-13-01", "import -a acme", "erase -a acme",
        "report -a acme --from 2026-04-02 --to 2026-04-01", "import - - -a acme", "nonsense",
    ],
    "demo": ["demo --events 1000 --no-serve", "demo --events 1000 --no-serve --data data"],
}  # fmt: skip
# These also write to the people's database, which a server's threads see when it is committed.
WITH_PEOPLE = {"sources"}
WITHOUT_A_LEDGER = {
    *("meter", "policy list", "policy show", "policy check", "plan show", "plan price"),
    *("mapping suggest", "mapping list", "mapping show"),
    *("lake run", "lake show", "lake compact", "lake vacuum", "lake verify"),
}


def filled(folder: Path, filled_folder: Path) -> None:
    """The same folder each time: paths are part of what commands say."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    write_files(folder)
    bad = [event("x-1", "2026-03-30T22:00:00"), event("x-2", "2026-03-30T22:00:00Z", actor="robot")]
    (folder / "mixed.ndjson").write_text(ndjson([*EVENTS, *bad]), encoding="utf-8")
    shutil.copytree(filled_folder, folder / "data")


def written(folder: Path) -> dict[str, bytes]:
    """Files that the commands wrote beside the data folder."""
    return {file.name: file.read_bytes() for file in folder.glob("r*") if file.is_file()}


Way = Callable[[list[str]], list[Ran]]


@pytest.fixture
def by_itself(tmp_path: Path, filled_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    folder = tmp_path / "commands"

    def run(commands: list[str]) -> list[Ran]:
        filled(folder, filled_folder)
        monkeypatch.chdir(folder)
        return [one(command, folder) for command in commands]

    def one(command: str, cwd: Path) -> Ran:
        prepare_stdin(monkeypatch, cwd)
        return ran_with_descriptors(lambda: exit_code(shlex.split(command)), cwd=cwd, streams=tmp_path)

    return run


@pytest.fixture
def through_a_server(tmp_path: Path, filled_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    folder = tmp_path / "commands"

    def run(commands: list[str]) -> list[Ran]:
        filled(folder, filled_folder)
        monkeypatch.chdir("/")
        through, ran = Served(folder / "data", cwd=folder, streams=tmp_path), []
        for command in commands:
            prepare_stdin(monkeypatch, folder)
            ran.append(through(shlex.split(command)))
        through.close()
        return ran

    return run


def prepare_stdin(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((folder / "events.ndjson").read_bytes())))


@pytest.mark.parametrize(
    "journey",
    [
        pytest.param(name, marks=pytest.mark.django_db(transaction=True) if name in WITH_PEOPLE else ())
        for name in JOURNEYS
    ],
)
def test_commands_print_and_write_the_same_with_and_without_a_server(
    journey: str, by_itself: Way, through_a_server: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands = JOURNEYS[journey]
    monkeypatch.setenv("BOTMETER_DATA", str(tmp_path / "commands" / "data"))
    expected = by_itself(commands)
    files = written(tmp_path / "commands")
    results = through_a_server(commands)
    for command, one, other in zip(commands, expected, results, strict=True):
        assert other.code == one.code, (command, other.err)
        assert _ONCE.sub("…", other.err) == _ONCE.sub("…", one.err), command
        assert _ONCE.sub("…", other.out) == _ONCE.sub("…", one.out), command
    assert {ran.code for ran in expected} <= {0, 1, 2, 3}
    assert written(tmp_path / "commands").keys() == files.keys()
    for name in files:
        if not name.endswith((".botmeter", ".parquet", ".pdf", "refused.ndjson")):
            text = (tmp_path / "commands" / name).read_bytes().decode()
            assert _ONCE.sub("…", text) == _ONCE.sub("…", files[name].decode()), name


def test_the_comparison_finds_differences_in_both_directions(
    by_itself: Way, through_a_server: Way, tmp_path: Path
) -> None:
    def tampered(data: Path) -> None:
        with duckdb.connect(data / "accounts" / "acme.duckdb") as connection:
            connection.execute("UPDATE session_usage SET session_count = session_count + 1")

    data = tmp_path / "commands" / "data"
    command = f"verify -a acme --data {shlex.quote(str(data))}"
    by_itself([])
    tampered(data)
    expected = ran_with_descriptors(lambda: exit_code(shlex.split(command)), cwd=tmp_path, streams=tmp_path)
    through_a_server([])
    tampered(data)
    through = Served(data, cwd=tmp_path, streams=tmp_path)
    results = through(shlex.split(command))
    through.close()
    assert expected.code == 3
    assert results == expected


def test_every_command_with_a_data_folder_is_in_a_journey() -> None:
    def leaves(command: object, path: str = "") -> list[str]:
        results = []
        for name, child in command.commands.items():  # type: ignore[attr-defined]
            whole = f"{path} {name}".strip()
            if hasattr(child, "commands"):
                results += leaves(child, whole)
            elif not child.runs_here:
                results.append(whole)
        return results

    tried = [command for commands in JOURNEYS.values() for command in commands]
    missing = [
        path
        for path in leaves(get_command(app))
        if path not in WITHOUT_A_LEDGER and not any(each.startswith(path) for each in tried)
    ]
    assert not missing, "Add them to a journey, so that both ways are compared."


def test_commands_really_run_in_the_server(through_a_server: Way, tmp_path: Path) -> None:
    """A process that owned the folder itself would be refused while the server does."""
    through_a_server([])
    data = tmp_path / "commands" / "data"
    through = Served(data, cwd=tmp_path, streams=tmp_path)
    assert through(["report", "-a", "acme", "--data", str(data)]).code == 0
    assert (data / "owner.socket").is_socket()
    assert (data / "owner.lock").read_text(encoding="utf-8") == f"{os.getpid()} botmeter serve"
    through.close()
    assert not (data / "owner.socket").exists()
