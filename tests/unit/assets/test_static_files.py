"""One style sheet and one script, joined when static files are collected."""

import gzip
import shutil
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import storages
from pytest_django import Settings
from tests.contract.source_tree import ROOT

from botmeter.web.static_files import (
    SCRIPT,
    STYLESHEET,
    STYLESHEET_PARTS,
    collect_static_files,
    joined_files,
    static_files_fingerprint,
)

SOURCES = ROOT / "src" / "botmeter" / "web" / "static"


@pytest.fixture
def sources(tmp_path: Path, settings: Settings) -> Path:
    """A copy of the static files, served under a path and collected as servers collect them."""
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES, sources)
    settings.STATICFILES_DIRS = [sources]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATIC_URL = "/usage/static/"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "botmeter.web.static_files.JoinedStaticFilesStorage"}
    }
    return sources


def collected_paths(root: Path) -> dict[str, Path]:
    """The file at the address of each joined file."""
    collect_static_files()
    addresses = {name: storages["staticfiles"].url(name) for name in (STYLESHEET, SCRIPT)}
    assert all(address.startswith("/usage/static/botmeter/") for address in addresses.values())
    return {name: root / address.removeprefix("/usage/static/") for name, address in addresses.items()}


def test_a_changed_part_changes_the_name_of_its_joined_file_alone(sources: Path, tmp_path: Path) -> None:
    before, fingerprint = collected_paths(tmp_path / "collected"), static_files_fingerprint()
    with (sources / "botmeter" / "css" / "parts" / "card.css").open("a", encoding="utf-8") as part:
        part.write("@layer parts { .card { margin: 0; } }\n")
    after = collected_paths(tmp_path / "collected")

    assert static_files_fingerprint() != fingerprint
    assert after[SCRIPT] == before[SCRIPT]
    assert after[STYLESHEET] != before[STYLESHEET]
    assert not before[STYLESHEET].exists()


def test_joined_files_are_collected_compressed_and_their_parts_are_not(sources: Path, tmp_path: Path) -> None:
    paths = collected_paths(tmp_path / "collected")
    for name, text in joined_files().items():
        assert paths[name].read_text(encoding="utf-8") == text
        assert gzip.decompress(Path(f"{paths[name]}.gz").read_bytes()).decode() == text
    published = {path.relative_to(tmp_path / "collected").parts[0] for path in (tmp_path / "collected").rglob("*")}
    assert published == {"botmeter", "staticfiles.json"}
    assert not [path for path in (tmp_path / "collected" / "botmeter").iterdir() if path.is_dir()]


def test_the_parts_of_the_style_sheet_are_joined_in_order() -> None:
    text = joined_files()[STYLESHEET]
    places = [
        text.index((SOURCES / "botmeter" / "css" / f"{name}.css").read_text(encoding="utf-8"))
        for name in STYLESHEET_PARTS
    ]
    assert places == sorted(places)
    assert text.lstrip().startswith("/* Order of all layers")


def test_a_part_of_the_script_keeps_its_names_to_itself() -> None:
    library, *parts = joined_files()[SCRIPT].split('(() => {\n"use strict";\n')
    assert library.startswith("var htmx=")
    assert all(part.rstrip().endswith("})();") for part in parts)
    assert not [part for part in parts if "\nimport " in part or "\nexport " in part]
