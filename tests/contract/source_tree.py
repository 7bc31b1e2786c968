"""The repository as the contract tests read it: its files, and its Python as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "botmeter"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A Python file of the repository."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def is_test(self) -> bool:
        return self.path.is_relative_to(ROOT / "tests")

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


@cache
def kept_files() -> tuple[Path, ...]:
    """Files that git tracks or would track: new ones that are not ignored included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    return tuple(path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file())


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the repository."""
    return tuple(
        Module(path=path, text=text, tree=ast.parse(text))
        for path in kept_files()
        if path.suffix == ".py"
        for text in [path.read_text(encoding="utf-8")]
    )


def source_modules() -> tuple[Module, ...]:
    """The Python files of the product itself."""
    return tuple(module for module in modules() if module.path.is_relative_to(SOURCE))


def called_names(node: ast.expr) -> Iterator[str]:
    """The names in a decorator or call: `app.command` gives app and command."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
