"""Text of a PDF, read from its drawing instructions."""

import re
from typing import Any


def text_of(pdf: Any) -> str:
    """All text in the order in which it is drawn."""
    return "".join(_text_of_page(page) for page in pdf.pages)


def _text_of_page(page: Any) -> str:
    from pikepdf import parse_content_stream

    maps = {name: _characters(font) for name, font in page.Resources.Font.items()}
    letters: list[str] = []
    characters: dict[int, str] = {}
    for instruction in parse_content_stream(page):
        operator = str(instruction.operator)
        if operator == "Tf":
            characters = maps[str(instruction.operands[0])]
        elif operator in ("Tj", "TJ"):
            operand = instruction.operands[0]
            for part in operand if operator == "TJ" else [operand]:
                if not isinstance(part, int) and type(part).__name__ != "Decimal":
                    letters += _letters(bytes(part), characters)
        elif operator == "ET":
            letters.append("\n")
    return "".join(letters)


def _letters(codes: bytes, characters: dict[int, str]) -> list[str]:
    return [characters.get(int.from_bytes(codes[at : at + 2]), "") for at in range(0, len(codes), 2)]


def _characters(font: Any) -> dict[int, str]:
    """Text by glyph, from the font's map to Unicode."""
    written = font.ToUnicode.read_bytes().decode("ascii")
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", written, re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return found
