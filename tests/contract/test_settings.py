"""A variable is declared once, and nothing names one that is not."""

import re

from botmeter.domain.settings import DECLARED
from contract.source_tree import ROOT, kept_files

# Typer's own, a placeholder, and those of examples and tests.
OTHERS = {"BOTMETER_COMPLETE", "BOTMETER_KEY", "BOTMETER_CHROMIUM"}
NAMED = re.compile(r"\bBOTMETER_[A-Z]+(?:_[A-Z]+)*\b")


def test_every_variable_that_the_code_the_docs_and_the_packaging_name_is_declared() -> None:
    declared = {setting.variable for setting in DECLARED.values()}
    unknown = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in kept_files()
        if path.relative_to(ROOT).parts[0] in {"src", "docs", "packaging", "README.md", "Makefile", ".ci"}
        and path.suffix != ".png"
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if name not in declared | OTHERS
    ]
    assert not unknown, "Declare it in botmeter.domain.settings; the reference page and `doctor` derive from that."


def test_a_declaration_has_a_meaning_and_no_two_have_one_variable() -> None:
    variables = [setting.variable for setting in DECLARED.values()]
    assert len(variables) == len(set(variables))
    assert all(setting.meaning and setting.example for setting in DECLARED.values())
