"""Terminal text: width, colour, character set, tables that fit."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

from botmeter.cli.context import command_context, variable
from botmeter.domain.text import count_text

WIDTH_MAX = 80
_WIDTH_MIN = 60
_GAP = "  "
_CELL_WIDTH_MIN = 4
_UNCUT = ("session id", "session start")

_STYLES = {"bold": "\x1b[1m", "dim": "\x1b[2m", "accent": "\x1b[36m", "warn": "\x1b[33m"}
_PLAIN = "\x1b[0m"
# ASCII replacements of the characters that messages use beyond ASCII.
_ASCII = str.maketrans({"·": "-", "–": "-", "…": "~", "×": "x", "≈": "~", "’": "'", "→": ">", "▕": "|"})

Style = Literal["bold", "dim", "accent", "warn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Capabilities of a terminal; `width` in cells, from 60 to 80."""

    width: int = WIDTH_MAX
    in_colour: bool = False
    in_unicode: bool = True

    def styled(self, text: str, style: Style) -> str:
        return f"{_STYLES[style]}{text}{_PLAIN}" if self.in_colour and text else text

    def plain(self, text: str) -> str:
        return text if self.in_unicode else text.translate(_ASCII).encode("ascii", "replace").decode()

    def paragraph(self, text: str, *, indent: str = "") -> list[str]:
        lines = [""]
        for word in (piece for long in text.split() for piece in _pieces(long, self.width - len(indent))):
            joined = f"{lines[-1]} {word}" if lines[-1] else word
            if cell_count(joined) <= self.width - len(indent):
                lines[-1] = joined
            else:
                lines.append(word)
        return [indent + line for line in lines if line]

    def page(self, parts: Iterable[Sequence[str]]) -> str:
        lines = "\n\n".join("\n".join(part) for part in parts).splitlines()
        return "".join(f"{self.plain(line.rstrip())}\n" for line in lines)


def screen_of(stream: TextIO) -> Screen:
    """Capabilities of `stream`; a file or pipe is 80 wide without colour."""
    on_terminal = stream.isatty()
    columns = column_count(stream) if on_terminal else WIDTH_MAX
    return Screen(
        width=min(WIDTH_MAX, max(_WIDTH_MIN, columns)),
        in_colour=on_terminal and variable("NO_COLOR") is None and variable("TERM") != "dumb",
        in_unicode=(stream.encoding or "ascii").lower().replace("-", "").startswith("utf"),
    )


def column_count(terminal: TextIO) -> int:
    """COLUMNS, else the terminal's own answer."""
    columns = variable("COLUMNS") or ""
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(terminal.fileno()).columns or WIDTH_MAX
    except (OSError, ValueError):
        return WIDTH_MAX


def stdout_screen() -> Screen:
    """Capabilities of stdout."""
    return screen_of(command_context().stdout)


def printable(text: str) -> str:
    """Replace control and bidirectional characters, which are in other people's files."""
    return "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in text
    )


def cell_count(text: str) -> int:
    """Width of `text` on a terminal."""
    return sum(_cells_of(letter) for letter in text)


def _cells_of(letter: str) -> int:
    if letter.isascii():
        return 1
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _pieces(word: str, width: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if cell_count(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells, cut with … or padded."""
    spare = width - cell_count(text)
    if spare < 0:
        start, cells = "", 0
        for letter in text:
            if cells + _cells_of(letter) > width - 1:
                break
            start, cells = start + letter, cells + _cells_of(letter)
        text, spare = start + "…", width - cells - 1
    return " " * spare + text if right else text + " " * spare


def share_text(part: int, *, whole: int) -> str:
    """`part` in per cent of `whole`, one decimal; empty if `whole` is 0."""
    return f"{100 * part / whole:.1f} %" if whole else ""


def size_text(size_bytes: int) -> str:
    """Readable size: `3.4 GB`."""
    size, units = float(size_bytes), ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "bytes" else f"{size:.1f} {units[0]}"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    screen: Screen,
    uncut: Sequence[str] = _UNCUT,
) -> str:
    """Table that fits the screen: numbers right-aligned, the widest texts cut, except in columns of `uncut`."""
    cells = [[_cell(value) for value in row] for row in rows]
    right_aligned = [
        bool(rows) and all(isinstance(row[index], int | None) for row in rows) for index in range(len(columns))
    ]
    widths = [
        max(cell_count(text) for text in [name, *(row[index] for row in cells)]) for index, name in enumerate(columns)
    ]
    cuttable = [index for index, name in enumerate(columns) if name not in uncut]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > screen.width:
        widest = max(cuttable, key=widths.__getitem__)
        if widths[widest] <= _CELL_WIDTH_MIN:
            break
        widths[widest] -= 1

    def line(texts: Sequence[str]) -> str:
        fields = zip(texts, widths, right_aligned, strict=True)
        return _GAP.join(fitted(text, width, right=right) for text, width, right in fields).rstrip()

    lines = [screen.styled(line(columns), "bold"), *(line(row) for row in cells)]
    return screen.plain("\n".join(lines)) + "\n"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return count_text(value)
        case list() | tuple():
            return printable(", ".join(str(each) for each in value))
        case _:
            return printable(str(value))
