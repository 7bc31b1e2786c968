"""Labels and messages at which customers stopped, which stay out of pages, commands and emails."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest
from tests.contract.source_tree import SOURCE, Module, kept_files, source_modules

# Patterns of texts that people read, and what to write instead. ^ and $ are the ends of a whole label.
REWRITTEN: Final = {
    r"Not live": "Latest event 29 Nov 20:19 UTC, received 20:19:14",
    r"\btaken in\b": "received",
    r"Longest duration": "24-hour window ended",
    r"^Took part$": "Every bot",
    r"^Hand-?offs$": "Hand-off rate, with a note that says of what",
    r"Same customer": "Merge customers",
    r"Ask for what was not delivered": "Backfill missed events",
    r"Zone in which|looked at\b": "Reporting time zone",
    r"Second step": "Two-factor authentication",
    r"^It may$": "Scopes",
    r"^To the start$": "Go to home page",
    r"What the account is called": "Account name",
    r"\b[Bb](?:ring|rought) back\b": "Restore",
    r"^Read it so$": "Read it in that format",
    r"Zone words": "Time zone abbreviations",
    r"\bthe most is\b": "the limit is",
    r"\bis no (?:comparison|value)\b": "is not a …",
    r"\btakes? no part\b|\btook no part\b": "does not count",
    r"^Adds up\b|\bopened adds up\b|\bOpened adds up\b": "name the column and say what it counts",
    r"[Dd]atabase of users": "user database",
    r"^Follow$": "Live updates",
}


@cache
def shown_texts() -> tuple[tuple[str, str], ...]:
    """Name of a file, and a text in it that can be shown: Python strings, text and attributes of templates, scripts."""
    texts = [(module.name, text) for module in source_modules() for text in python_texts(module)]
    for path in kept_files():
        if path.is_relative_to(SOURCE) and path.suffix in {".html", ".js"}:
            texts += [(path.name, piece) for piece in markup_texts(path.read_text(encoding="utf-8"))]
    return tuple(texts)


def python_texts(module: Module) -> Iterator[str]:
    """Strings of a module; docstrings only of commands, whose help they are."""
    nodes = list(ast.walk(module.tree))
    is_command = module.path.is_relative_to(SOURCE / "cli")
    docstrings = () if is_command else {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def markup_texts(markup: str) -> Iterator[str]:
    """Texts between tags and in quotes, without comments."""
    shown = re.sub(r"\{#.*?#\}|^\s*//.*$", "", markup, flags=re.DOTALL | re.MULTILINE)
    for piece in re.split(r"[<>\"`]|\{[%{]|[%}]\}", shown):
        if text := piece.strip():
            yield text


def faults(texts: tuple[tuple[str, str], ...], pattern: str) -> list[str]:
    return [f"{name}: {text.strip()[:80]!r}" for name, text in texts if re.search(pattern, text.strip())]


@pytest.mark.parametrize(("pattern", "instead"), REWRITTEN.items())
def test_a_text_at_which_customers_stopped_is_not_shown(pattern: str, instead: str) -> None:
    found = faults(shown_texts(), pattern)
    assert not found, f"Write {instead!r} or the like: {found}"


@pytest.mark.parametrize(
    ("markup", "pattern"),
    [
        ("<h2>Second step</h2>", "Second step"),
        ('{{ button("It may") }}', "^It may$"),
        ('{% call card("Same customer", widget="x") %}', "Same customer"),
        ("setText(`Not live since ${time}`)", "Not live"),
    ],
)
def test_such_a_text_in_a_template_or_script_is_found(markup: str, pattern: str) -> None:
    assert faults(tuple(("page.html", text) for text in markup_texts(markup)), pattern)


def test_many_texts_are_read() -> None:
    assert len(shown_texts()) > 10_000
