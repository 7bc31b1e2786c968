"""The generated pages are what the code says, and no link in the docs leads nowhere."""

import re
from pathlib import Path

import pytest
from docs import generate, pictures

from contract.source_tree import ROOT, kept_files

PAGES = [path for path in kept_files() if path.suffix == ".md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    path = generate.REFERENCE / name
    assert path.exists(), "`make docs` writes it."
    assert path.read_text(encoding="utf-8") == generate.PAGES[name](), "The page is stale; `make docs` writes it anew."


def test_no_link_leads_nowhere() -> None:
    broken = []
    for page in PAGES:
        for groups in LINK.findall(page.read_text(encoding="utf-8")):
            target = next(filter(None, groups))
            if "://" in target or target.startswith("mailto:"):
                continue
            name, _, anchor = target.partition("#")
            there = (page.parent / name).resolve() if name else page
            if not there.exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
            elif anchor and there.suffix == ".md" and anchor not in anchors(there):
                broken.append(f"{page.relative_to(ROOT)}: {target} (no such heading)")
    assert not broken


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        targets = (next(filter(None, groups)) for groups in LINK.findall(page.read_text(encoding="utf-8")))
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in targets if "://" not in target]
    lost = [page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached]
    assert not lost, "No link leads there from README.md."


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", pictures.NAMES)
def test_every_picture_is_there_in_light_and_dark_and_wide_and_narrow(name: str) -> None:
    for look in ("wide-light", "wide-dark", "narrow-light", "narrow-dark"):
        path = pictures.IMAGES / f"{name}-{look}.png"
        assert path.exists(), "`make docs` takes it."
        assert path.stat().st_size <= pictures.PICTURE_BYTES_MAX, "A heavy picture makes its page slow."
