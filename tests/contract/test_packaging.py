"""Container and systemd files, checked as text, since neither engine runs here."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import pairwise
from typing import Final

import pytest
from typer.main import get_command

from botmeter.cli.main import app
from botmeter.server.connections.descriptor_limit import CONNECTIONS_MAX, OTHERS_MAX
from contract.source_tree import ROOT

CONTAINERFILE: Final = ROOT / "packaging" / "Containerfile"
UNIT: Final = ROOT / "packaging" / "botmeter.service"
GUIDES: Final = [ROOT / "docs" / "guides" / name for name in ("run-in-a-container.md", "operate.md", "serve.md")]
PROGRAM: Final = "/usr/local/lib/botmeter"
# What a stop may take: the worker's own limit, and a moment for what watches over it.
STOP_SECONDS: Final = 30


def instructions() -> list[tuple[str, str]]:
    """(instruction, the rest of its line), lines that go on put together."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> list[tuple[str, str]]:
    told = instructions()
    begin = max(place for place, (name, _) in enumerate(told) if name == "FROM")
    return told[begin:]


def one(name: str) -> str:
    (found,) = (rest for instruction, rest in last_stage() if instruction == name)
    return found


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for name, rest in last_stage() if name == "ENV" for pair in shlex.split(rest))


def listed(text: str) -> list[str]:
    return tomllib.loads(f"words = {text}")["words"]


def directives() -> Iterator[tuple[str, str, str]]:
    """(section, name, value) of the unit."""
    section = ""
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield section, name, value


def served(arguments: list[str]) -> dict[str, object]:
    """The values of the command line as the program reads it."""
    name, *rest = arguments
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    return dict(command.make_context(name, rest).params)


def settings() -> dict[str, str]:
    return {name: value for section, name, value in directives() if section == "Service" and name != "Environment"}


def test_every_file_that_the_container_copies_is_there_and_is_let_in() -> None:
    rules = [line for line in CONTAINERFILE.with_suffix(".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        project["readme"],
        *project["license-files"],
        "requirements/run.txt",
        "requirements/pdf.txt",
        "pyproject.toml",
        "src",
    }
    assert all(any(fnmatch(path, rule) for rule in let_in) for path in wanted)


def test_the_container_installs_what_the_lock_names_and_nothing_else() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes --requirement requirements/run.txt --requirement requirements/pdf.txt" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]
    locked = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert re.search(r"^hatchling==", locked, re.MULTILINE), "The lock must build the package too."


def test_the_container_stands_on_a_python_that_the_project_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {rest.split()[0] for name, rest in instructions() if name == "FROM"} == {"${BASE}"}
    # Before the first stage, so that a digest can be given for all of them.
    name, base = instructions()[0]
    assert (name, base.partition("=")[0]) == ("ARG", "BASE")
    version = base.removeprefix("BASE=python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_container_runs_as_nobody_in_particular_and_keeps_its_data_in_its_volume() -> None:
    user, group = one("USER").split(":")
    assert int(user) >= 1_000
    assert int(group) >= 1_000
    volume = one("VOLUME")
    assert environment()["BOTMETER_DATA"] == volume
    assert environment()["NUMBA_CACHE_DIR"].startswith(f"{volume}/")
    made = next(rest for name, rest in last_stage() if name == "RUN")
    assert f"--uid {user}" in made
    assert f"--mode=0700 {volume}" in made
    assert environment()["PATH"].split(":")[0] == f"{PROGRAM}/bin"
    order = [name for name, _ in last_stage()]
    assert order.index("RUN") < order.index("USER") < order.index("ENTRYPOINT")


def test_the_container_s_command_is_one_that_the_program_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert listed(one("ENTRYPOINT")) == list(project["scripts"])
    taken = served(listed(one("CMD")))
    assert taken["host"] == "0.0.0.0"  # noqa: S104 - inside a container
    assert str(taken["port"]) == one("EXPOSE")
    assert taken["log_format"] == "json"


def test_the_container_asks_its_own_port_whether_it_is_ready() -> None:
    asked = one("HEALTHCHECK")
    assert f"http://127.0.0.1:{one('EXPOSE')}/readyz" in asked
    options, _, command = asked.partition("CMD ")
    patience = int(re.findall(r"--timeout=(\d+)s", options)[0])
    program, flag, script = listed(command)
    assert (program, flag) == ("python", "-c")
    compile(script, "healthcheck", "exec")
    assert int(re.findall(r"timeout=(\d+)", script)[0]) < patience


def test_the_unit_s_command_is_one_that_the_program_takes() -> None:
    program, *arguments = shlex.split(settings()["ExecStart"])
    assert program == f"{PROGRAM}/bin/botmeter"
    taken = served(arguments)
    assert (taken["host"], taken["port"]) == ("127.0.0.1", 8000)


def test_the_unit_s_folders_are_those_that_systemd_makes_for_it() -> None:
    named = dict(value.split("=", 1) for _, name, value in directives() if name == "Environment")
    assert named == {
        "BOTMETER_DATA": f"/var/lib/{settings()['StateDirectory']}",
        "NUMBA_CACHE_DIR": f"/var/cache/{settings()['CacheDirectory']}",
    }
    assert settings()["StateDirectoryMode"] == "0700"


def test_the_unit_leaves_time_to_stop_and_room_for_connections() -> None:
    assert int(settings()["TimeoutStopSec"]) >= 2 * STOP_SECONDS
    assert int(settings()["LimitNOFILE"]) > CONNECTIONS_MAX + OTHERS_MAX
    assert settings()["Restart"] == "on-failure"
    assert settings()["User"] != "root"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("CapabilityBoundingSet", ""),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
        ("DevicePolicy", "closed"),
    ],
)
def test_the_unit_takes_from_the_program_what_it_does_not_need(name: str, value: str) -> None:
    assert settings()[name] == value


def test_the_unit_bounds_memory_and_threads() -> None:
    assert 50 <= int(settings()["MemoryMax"].removesuffix("%")) < 100
    assert int(settings()["TasksMax"]) > 600


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit_and_rates_it_as_hardly_exposed() -> None:
    read = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False)
    problems = [line for line in read.stderr.splitlines() if "is not executable" not in line]
    assert problems == []
    # In tenths: 1.5 of 10.
    rated = ["systemd-analyze", "security", "--offline=true", "--threshold=15", UNIT]
    assert subprocess.run(rated, capture_output=True, check=False).returncode == 0


def test_nothing_is_said_twice_in_the_unit() -> None:
    lists = {"Environment", "SystemCallFilter"}
    said = sorted((section, name) for section, name, _ in directives() if name not in lists)
    assert not [name for name, after in pairwise(said) if name == after]
    assert {section for section, _ in said} == {"Unit", "Service", "Install"}


def test_the_guides_name_the_files_and_the_volume() -> None:
    text = "\n".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    for word in ("packaging/Containerfile", "packaging/botmeter.service", one("VOLUME"), PROGRAM, "/etc/botmeter"):
        assert word in text
