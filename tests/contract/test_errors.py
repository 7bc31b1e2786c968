"""Each code is documented, and has a test that names it."""

import re

from docs import generate

from contract.source_tree import modules


def test_every_code_is_a_stable_lower_case_name() -> None:
    codes = {code for code, _, _ in generate.error_calls()}
    assert codes
    assert not [code for code in codes if not re.fullmatch(r"(…_)?[a-z]+(_[a-z]+)*", code)]


def test_a_code_belongs_to_one_family() -> None:
    families: dict[str, set[str]] = {}
    for code, family, _ in generate.error_calls():
        families.setdefault(code, set()).add(family)
    assert not {code: sorted(named) for code, named in families.items() if len(named) > 1}


def test_every_code_has_a_test_that_names_it() -> None:
    tests = "\n".join(module.text for module in modules() if module.is_test)
    codes = {code for code, _, _ in generate.error_calls()}
    untested = sorted(code for code in codes if code.removeprefix("…") not in tests)
    assert not untested, "A refusal without a test is a guess about what it says."


def test_every_sentence_is_a_sentence() -> None:
    said = {sentence for _, _, sentence in generate.error_calls() if sentence and not sentence.endswith("…")}
    assert not [sentence for sentence in said if sentence[-1] not in ".!?)"]
