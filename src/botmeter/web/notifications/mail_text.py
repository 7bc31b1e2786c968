"""Tables in plain text."""

from collections.abc import Sequence
from typing import Final

_GAP: Final = "  "


def text_of_values(values: Sequence[tuple[str, str, str]]) -> str:
    """Align lines of label, value and detail."""
    width = max(len(label) for label, _, _ in values) + 1
    lines = []
    for label, value, detail in values:
        line = f"{label + ':':<{width}}{_GAP}{value}"
        lines.append(f"{line} ({detail})" if detail else line)
    return "\n".join(lines)


def text_of_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align a table; columns after the first are numbers."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_GAP.join(_cells(line, widths)).rstrip() for line in lines)


def _cells(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
