"""The table of security requirements is complete, and counts what it lists."""

import re
from collections import Counter

from contract.source_tree import ROOT

PAGE = ROOT / "docs" / "reference" / "asvs.md"
# Of levels 1 and 2 of version 5.0.0.
REQUIREMENTS = 253
STATES = {"met", "not applicable", "open"}
TEXT = PAGE.read_text(encoding="utf-8")
INTRO, OPEN, *CHAPTERS = re.split(r"^## ", TEXT, flags=re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def cells(table: str) -> list[list[str]]:
    """Cells of each row that begins with the number of a requirement."""
    lines = re.findall(r"^\| (\d+\.\d+\.\d+ \|.*) \|$", table, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def is_in(chapter: str, number: str) -> bool:
    return chapter.startswith(f"V{number.partition('.')[0]} ")


ROWS = [row for chapter in CHAPTERS for row in cells(chapter)]


def test_every_requirement_is_listed_once_in_the_standard_s_order() -> None:
    numbers = [tuple(map(int, row[0].split("."))) for row in ROWS]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == REQUIREMENTS
    misplaced = [row[0] for chapter in CHAPTERS for row in cells(chapter) if not is_in(chapter, row[0])]
    assert not misplaced


def test_states_are_known_and_counted_in_the_introduction() -> None:
    counts = Counter(row[2] for row in ROWS)
    assert set(counts) == STATES
    sentence = (
        f"Of {REQUIREMENTS} requirements, {counts['met']} are met, {counts['not applicable']} not applicable and "
        f"{counts['open']} open."
    )
    assert sentence in " ".join(INTRO.split())


def test_open_requirements_are_those_explained_on_top() -> None:
    explained = {(number, subject) for number, subject, reason in cells(OPEN) if reason}
    assert explained == {(row[0], row[1]) for row in ROWS if row[2] == "open"}


def test_a_requirement_that_is_met_links_to_its_proof() -> None:
    unproven = [row[0] for row in ROWS if row[2] == "met" and not LINK.search(row[3])]
    assert not unproven, "Name the test, or the code or guide where it is seen."
    unexplained = [row[0] for row in ROWS if not row[3]]
    assert not unexplained


def test_every_linked_file_exists() -> None:
    missing = [target for target in LINK.findall(TEXT) if not (PAGE.parent / target).is_file()]
    assert not missing
