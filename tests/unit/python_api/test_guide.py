"""Every example of the guide gives what the guide says."""

import doctest
import re
from pathlib import Path

import pytest

from botmeter.cli.main import exit_code

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "python.md"


def examples_of(text: str) -> list[doctest.Example]:
    """Examples of a page's blocks, each with its line in the page."""
    examples = []
    for block in re.finditer(r"^```pycon\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        first = text.count("\n", 0, block.start(1))
        for example in doctest.DocTestParser().get_examples(block[1]):
            example.lineno += first
            examples.append(example)
    return examples


# The events of the guide, as a file that a command imports.
EVENTS = """event_id,occurred_at,conversation_id,customer_id,actor,bot_id,channel
m-1,2026-11-21T23:59:00Z,c-1,ada,customer,orders,web
m-2,2026-11-22T00:04:00Z,c-1,ada,bot,orders,web
m-3,2026-11-22T23:59:00Z,c-2,ada,customer,orders,whatsapp
"""


@pytest.mark.slow
def test_every_example_of_the_guide_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BOTMETER_DATA", str(tmp_path / "botmeter-data"))
    Path("events.csv").write_text(EVENTS, encoding="utf-8")
    assert exit_code(["account", "create", "acme"]) == 0
    assert exit_code(["import", "events.csv", "--account", "acme"]) == 0
    text = GUIDE.read_text(encoding="utf-8")
    examples = examples_of(text)
    assert text.count(">>> ") == len(examples) > 20
    report: list[str] = []
    test = doctest.DocTest(examples, {}, GUIDE.name, str(GUIDE), 0, text)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)
