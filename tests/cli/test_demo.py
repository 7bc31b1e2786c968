"""`demo`: filled, repeatable, and with steps that work as written. Shell completion."""

import shlex
import socket
from pathlib import Path

import pytest
from typer.main import get_command

from botmeter.cli.completion import accounts_starting, policies_starting
from botmeter.cli.main import app, exit_code
from cli.conftest import Run
from cli.serving import ran_with_descriptors, served

BOTH_WAYS = True


def steps_of(page: str) -> list[str]:
    return [line.strip() for line in page.splitlines() if line.startswith("    botmeter ")]


@pytest.mark.slow
def test_every_step_that_the_demo_proposes_works(run: Run) -> None:
    ran = run("demo --no-serve --events 3000")
    assert ran.code == 0
    steps = steps_of(ran.out)
    assert len(steps) >= 5
    assert any(" explain " in step for step in steps)
    for step in steps:
        assert run(step.removeprefix("botmeter ")).code == 0, step


@pytest.mark.slow
def test_the_demo_in_another_folder_names_it_in_each_step(run: Run, tmp_path: Path) -> None:
    ran = run("demo --no-serve --events 1000 --data", str(tmp_path / "my demo"))
    assert all(str(tmp_path / "my demo") in shlex.split(step) for step in steps_of(ran.out))


@pytest.mark.slow
def test_the_demo_run_again_counts_nothing_twice(run: Run) -> None:
    report = "report --account maple-and-moor --from 2022-02-04 --to 2026-06-30 --format json"
    run("demo --no-serve --events 1000")
    before = run(report).json
    assert run("demo --no-serve --events 1000").code == 0
    assert run(report).json == before
    assert run("verify --account maple-and-moor").code == 0


def test_the_demo_on_a_port_in_use_is_refused_before_it_fills_the_account(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        words = ["demo", "--port", str(other.getsockname()[1]), "--data", str(tmp_path / "data")]
        ran = ran_with_descriptors(lambda: exit_code(words), cwd=tmp_path, streams=tmp_path)
    assert ran.code == 1
    assert "Choose another with --port." in ran.err
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_demo_beside_a_running_server_links_to_it(tmp_path: Path) -> None:
    words = ["demo", "--events", "1000", "--port", "9000", "--data", str(tmp_path / "data")]
    with served(tmp_path / "data", served_at="http://127.0.0.1:8123"):
        ran = ran_with_descriptors(lambda: exit_code(words), cwd=tmp_path, streams=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1].startswith("http://127.0.0.1:8123/link/")
    assert "A server of this data folder already runs at http://127.0.0.1:8123" in ran.err


def test_the_shell_offers_accounts_and_policies(acme: Run) -> None:
    context = get_command(app).make_context("botmeter", [], resilient_parsing=True)
    assert accounts_starting(context, "") == ["acme"]
    assert accounts_starting(context, "x") == []
    assert "freshchat.session" in dict(policies_starting("fresh"))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("botmeter report --account a", "acme"),
        ("botmeter policy show kommu", "kommunicate.mau"),
        ("botmeter quar", "quarantine"),
    ],
)
def test_tab_completes(
    acme: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, offered: str
) -> None:
    monkeypatch.setenv("_BOTMETER_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        exit_code([])
    assert end.value.code in (0, None)
    assert offered in capsys.readouterr().out
