"""Every example of the guide gives what the guide says."""

import doctest
import re
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_every_example_of_the_guide_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    examples = examples_of(text)
    assert text.count(">>> ") == len(examples) > 20
    report: list[str] = []
    test = doctest.DocTest(examples, {}, GUIDE.name, str(GUIDE), 0, text)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)
