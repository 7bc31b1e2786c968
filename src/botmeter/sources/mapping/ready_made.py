"""Ready-made mappings of well-known exports, each a TOML file in `mappings`."""

import tomllib
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from botmeter.domain.errors import Missing
from botmeter.domain.shipped_definitions import near_names_hint, shipped_texts
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document, mapping_from_file

_FILE_ENDINGS = (".toml", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyMadeMapping:
    """Mapping of a published export.

    Attributes:
        source: URL of the documentation.
        notes: What to know before an import.
        document: As a parsed mapping file.
    """

    name: str
    title: str
    source: str
    seen_on: date
    notes: tuple[str, ...]
    document: AbstractMapping[str, object]


def mapping_named(text: str, *, cwd: Path | None = None) -> Mapping:
    """Mapping in that file, or ready-made one of that name."""
    if is_mapping_file(text, cwd=cwd):
        return mapping_from_file(Path(text) if cwd is None else cwd / text)
    return mapping_from_document(ready_made_mapping(text).document)


def is_mapping_file(text: str, *, cwd: Path | None = None) -> bool:
    """Check that a name is a path."""
    path = Path(text)
    return path.suffix in _FILE_ENDINGS or len(path.parts) > 1 or (path if cwd is None else cwd / path).is_file()


def ready_made_mapping(name: str) -> ReadyMadeMapping:
    """Named mapping.

    Raises:
        Missing: `mapping_missing`, with the nearest names.
    """
    named = _by_name().get(name)
    if named is None:
        hint = near_names_hint(name, _by_name(), command="mapping")
        raise Missing("mapping_missing", f"{name[:70]!r} is neither a mapping file nor a ready-made mapping. {hint}")
    return named


def ready_made_mappings() -> tuple[ReadyMadeMapping, ...]:
    """Every mapping, by name."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, ReadyMadeMapping]:
    read = (_read(name, text) for name, text in shipped_texts("botmeter.sources", "mappings").items())
    return {mapping.name: mapping for mapping in sorted(read, key=lambda mapping: mapping.name)}


def _read(name: str, text: str) -> ReadyMadeMapping:
    data = tomllib.loads(text)
    export = data["export"]
    return ReadyMadeMapping(
        name=name,
        title=export["title"],
        source=export["source"],
        seen_on=export["seen_on"],
        notes=tuple(export.get("notes", ())),
        document=data["mapping"],
    )
