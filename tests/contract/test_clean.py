"""Committed files name no package registry, no home directory, no secret and no other tool's files."""

import re

import pytest

from contract.source_tree import ROOT, kept_files

TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".sql",
    ".cfg",
    ".yml",
    ".yaml",
    ".json",
    ".csv",
    ".ndjson",
    ".html",
    "",
}
THIS_FILE = "tests/contract/test_clean.py"
FILE_BYTES_MAX = 1_000_000

# Spelled in two halves, so that this file passes its own test.
FORBIDDEN = {
    "a registry's address": re.compile(r"(?i)\b(py" + r"pi\.org|pythonhosted|(index-url|find-links)[= ]+\S*/)"),
    "a folder of one machine": re.compile(r"(?<![\w.])/(home|Users|root|work|opt)" + r"/[A-Za-z0-9_.-]+"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----"),
    "an editor's conflict": re.compile(r"^(<{7} |>{7} )", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_kept_file_names(what: str) -> None:
    found = []
    for path in kept_files():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in TEXT_SUFFIXES or name == THIS_FILE:
            continue
        said = FORBIDDEN[what].search(path.read_text(encoding="utf-8", errors="replace"))
        if said:
            found.append(f"{name}: {said.group()!r}")
    assert not found


def test_no_kept_file_is_large() -> None:
    large = [path.name for path in kept_files() if path.stat().st_size > FILE_BYTES_MAX]
    assert not large, "Tests make their data; nothing large is kept."


def test_nothing_of_others_is_copied_into_the_repository() -> None:
    foreign = {"vendor", "third_party", "node_modules", "site-packages"}
    assert not [path for path in kept_files() if foreign & set(path.relative_to(ROOT).parts)]


def test_the_requirements_are_locked_by_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
        pinned = [block for block in blocks if re.match(r"[A-Za-z0-9]", block)]
        assert pinned
        assert all("==" in block and "--hash=sha256:" in block for block in pinned), lock.name


def test_every_requirement_of_the_project_is_in_the_lock() -> None:
    declared = re.findall(r'^    "([a-z0-9-]+)>=', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    locked = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert not [name for name in declared if not re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE)]


def test_templates_write_no_address_by_hand() -> None:
    by_hand = re.compile(r"""["']/(?!>)""")
    found = [path.name for path in (ROOT / "src").rglob("*.html") if by_hand.search(path.read_text(encoding="utf-8"))]
    assert not found, "The server can be reached under a path: use `url` and `static`, or a page's own addresses."
