"""SQL statements in the `.sql` file beside each module, in the order in which they run.

Each opens with its contract:

    -- name: restatements
    -- Reads: restatement. Takes: $session. Gives: the restatements of that session, one row per day.
    SELECT …
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Protocol

# The name and, because a chosen text would be put into it too, the contract, which is for people alone.
_HEAD = re.compile(r"^-- name: (\w+)\n(?:--[^\n]*\n)*", re.MULTILINE)


class Statements(Protocol):
    """Statements of one module, by name."""

    def __call__(self, name: str, /, **chosen: str) -> str:
        """Statement, with names in braces replaced by our own text, never a caller's."""


def statements_of(module: str) -> Statements:
    """Module's statements, read at first use."""
    package, _, owner = module.rpartition(".")

    def statement(name: str, /, **chosen: str) -> str:
        text = statements_in(package, f"{owner}.sql")[name]
        return text.format(**chosen) if chosen else text

    return statement


@cache
def statements_in(package: str, file: str) -> Mapping[str, str]:
    """`.sql` file's statements by name."""
    names_and_texts = _HEAD.split(files(package).joinpath(file).read_text(encoding="utf-8"))[1:]
    return {name: text.strip() for name, text in zip(names_and_texts[::2], names_and_texts[1::2], strict=True)}
