"""`docs/guides/first-steps.md` shows the program's own output."""

import re
from pathlib import Path

import pytest

from cli.conftest import Run

BOTH_WAYS = True

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "first-steps.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def transcript() -> list[tuple[str, list[str]]]:
    """Each command of the guide, with the lines that it shows."""
    steps: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(GUIDE):
        for line in block.splitlines():
            if line.startswith("$ botmeter "):
                steps.append((line.removeprefix("$ botmeter "), []))
            elif line:
                steps[-1][1].append(line)
    return steps


@pytest.mark.slow
def test_the_first_steps_work_as_the_guide_shows(run: Run, tmp_path: Path) -> None:
    [events] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "events.ndjson").write_text(events, encoding="utf-8")
    commands = transcript()
    assert len(commands) >= 7
    for command, lines in commands:
        ran = run(command, *(["--events", "1000", "--no-serve"] if command == "demo" else []))
        assert ran.code == 0, ran.err
        printed = (ran.out + ran.err).splitlines()
        assert [line for line in lines if line not in printed] == [], command
