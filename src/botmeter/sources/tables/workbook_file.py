"""XLSX files, checked before they are read.

A ZIP of a few KB can hold gigabytes, and one cell can make a sheet of 17 billion cells. So the needed parts
are copied and measured.
"""

import zipfile
import zlib
from array import array
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from botmeter.domain.errors import Missing, Refused, TooMuch

_PART_BYTES_MAX: Final = 16 << 20
_PIECE_BYTES: Final = 1 << 20
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_PARTS: Final = ("[Content_Types].xml", "_rels/.rels", _WORKBOOK, _RELATIONS)
_COLUMNS_END: Final = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLimits:
    """Limits of one sheet.

    Attributes:
        unpacked_bytes: Of all parts that are read; half a million rows of ten columns have 250 MB.
        cells: From first to last; each takes about 160 bytes, with 20 of text: 800 MB.
        text_bytes: A text that a file has once is read for each cell that refers to it.
    """

    unpacked_bytes: int = 512 << 20
    cells: int = 5_000_000
    text_bytes: int = 256 << 20


SHEET_LIMITS: Final = SheetLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFile:
    """Workbook with one sheet in a temporary file.

    Attributes:
        others: Visible sheets that are not read.
    """

    content: IO[bytes]
    sheet: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    name: str
    part: str
    is_visible: bool


def is_workbook(content: IO[bytes]) -> bool:
    """Look for a workbook in a ZIP archive."""
    try:
        with zipfile.ZipFile(content) as archive:
            return _WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    finally:
        content.seek(0)


def sheet_file(
    content: IO[bytes], stack: ExitStack, *, sheet: str | None, name: str, limits: SheetLimits | None = None
) -> SheetFile:
    """Copy the needed parts of a workbook.

    Raises:
        Missing: `sheet_missing`.
        Refused: `format_unknown`, `file_damaged`.
        TooMuch: `sheet_too_large`.
    """
    if not is_workbook(content):
        raise Refused("format_unknown", f"{name} is a ZIP archive, but no Excel workbook (.xlsx).")
    try:
        with zipfile.ZipFile(content) as archive:
            return _Copy(archive, name=name, limits=limits or SHEET_LIMITS).sheet_file(stack, sheet=sheet)
    except (zipfile.BadZipFile, expat.ExpatError, ET.ParseError, LookupError, RuntimeError) as fault:
        raise Refused("file_damaged", f"{name} can't be read as a workbook: {fault}.") from None
    except (NotImplementedError, EOFError, OSError, ValueError, zlib.error) as fault:
        raise Refused("file_damaged", f"{name} can't be unpacked: {fault}.") from None


class _Copy:
    def __init__(self, archive: zipfile.ZipFile, *, name: str, limits: SheetLimits) -> None:
        self._limits = limits
        self._archive = archive
        self._name = name
        self._unpacked_bytes = 0

    def sheet_file(self, stack: ExitStack, *, sheet: str | None) -> SheetFile:
        relations = self._relations()
        sheets = self._sheets(relations)
        chosen = self._chosen(sheets, sheet)
        measure = _Measure(self._name, limits=self._limits)
        content = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
        with zipfile.ZipFile(content, "w") as copy:
            for part in _PARTS:
                if part in self._archive.namelist():
                    self._copy(part, copy)
            for kind, part in relations.values():
                if kind == "sharedStrings":
                    self._copy(part, copy, reader=measure.shared_texts())
                elif kind == "styles":
                    self._copy(part, copy)
            self._copy(chosen.part, copy, reader=measure.sheet())
        measure.check()
        content.seek(0)
        others = tuple(each.name for each in sheets if each.is_visible and each != chosen)
        return SheetFile(content=content, sheet=chosen.name, others=others)

    def _relations(self) -> dict[str, tuple[str, str]]:
        """Id → last word of its type, and part."""
        return {
            each.attrib["Id"]: (
                each.attrib["Type"].rpartition("/")[2],
                str(PurePosixPath("/xl", each.attrib["Target"])).removeprefix("/"),
            )
            for each in self._document(_RELATIONS)
        }

    def _sheets(self, relations: dict[str, tuple[str, str]]) -> list[_Sheet]:
        sheets = []
        for each in self._document(_WORKBOOK).iter():
            if each.tag.rpartition("}")[2] == "sheet":
                relation = next(value for key, value in each.attrib.items() if key.endswith("}id"))
                kind, part = relations[relation]
                if kind == "worksheet":
                    visible = each.attrib.get("state", "visible") == "visible"
                    sheets.append(_Sheet(name=each.attrib["name"], part=part, is_visible=visible))
        return sheets

    def _chosen(self, sheets: list[_Sheet], name: str | None) -> _Sheet:
        for each in sheets:
            if each.name == name or (name is None and each.is_visible):
                return each
        names = ", ".join(each.name for each in sheets[:30]) or "none"
        which = "no visible sheet" if name is None else f"no sheet {name!r}"
        raise Missing("sheet_missing", f"{self._name} has {which}; its sheets are {names}.")

    def _document(self, part: str) -> ET.Element:
        with self._archive.open(part) as content:
            text = content.read(_PART_BYTES_MAX + 1)
        if len(text) > _PART_BYTES_MAX:
            raise self._too_large(f"a part ({part}) of more than {_PART_BYTES_MAX >> 20} MiB")
        return ET.fromstring(text)  # noqa: S314 - expat limits the expansion of entities

    def _copy(self, part: str, copy: zipfile.ZipFile, *, reader: "expat.XMLParserType | None" = None) -> None:
        with self._archive.open(part) as content, copy.open(part, "w", force_zip64=True) as copied:
            while piece := content.read(_PIECE_BYTES):
                self._unpacked_bytes += len(piece)
                if self._unpacked_bytes > self._limits.unpacked_bytes:
                    raise self._too_large(f"more than {self._limits.unpacked_bytes >> 20} MiB unpacked")
                if reader is not None:
                    reader.Parse(piece, False)
                copied.write(piece)
            if reader is not None:
                reader.Parse(b"", True)

    def _too_large(self, what: str) -> TooMuch:
        return TooMuch("sheet_too_large", f"{self._name} has {what}. Save the sheet as CSV.")


class _Measure:
    def __init__(self, name: str, *, limits: SheetLimits) -> None:
        self._limits = limits
        self._name = name
        self._lengths = array("Q")
        self._rows = [1 << 30, 0]
        self._columns = [1 << 30, 0]
        self._text_bytes = 0

    def shared_texts(self) -> "expat.XMLParserType":
        lengths = self._lengths

        def start(name: str, attributes: dict[str, str]) -> None:  # noqa: ARG001 - as expat calls it
            if name == "si" or name.endswith(":si"):
                lengths.append(0)

        def text(data: str) -> None:
            if lengths:
                # At most four bytes each.
                lengths[-1] += len(data) if data.isascii() else 4 * len(data)

        return _parser(start, text)

    def sheet(self) -> "expat.XMLParserType":
        numbers: dict[str, int] = {}
        row = column = 0
        is_reference = is_value = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, is_reference, is_value
            name = name.rpartition(":")[2]
            is_value = is_reference and name == "v"
            if name == "c":
                is_reference = attributes.get("t") == "s"
                place = attributes.get("r")
                if place is None:
                    column += 1
                else:
                    letters = place.rstrip("0123456789")
                    row = int(place[len(letters) :])
                    column = numbers.get(letters) or numbers.setdefault(letters, _column_number(letters))
                self._widen(row, column)
            elif name == "row":
                row, column = int(attributes.get("r", row + 1)), 0

        def text(data: str) -> None:
            if is_value:
                self._text_bytes += self._lengths[int(data)]

        return _parser(start, text)

    def check(self) -> None:
        cell_count = max(self._rows[1] - self._rows[0] + 1, 0) * max(self._columns[1] - self._columns[0] + 1, 0)
        if cell_count > self._limits.cells:
            raise self._too_large(f"{cell_count:,} cells", most=f"{self._limits.cells:,}")
        if self._text_bytes > self._limits.text_bytes:
            raise self._too_large(f"{self._text_bytes >> 20} MiB of text", most=f"{self._limits.text_bytes >> 20} MiB")

    def _too_large(self, what: str, *, most: str) -> TooMuch:
        reason = f"{self._name} has a sheet with {what}; the limit is {most}. Save it as CSV."
        return TooMuch("sheet_too_large", reason)

    def _widen(self, row: int, column: int) -> None:
        rows, columns = self._rows, self._columns
        if not rows[0] <= row <= rows[1]:
            rows[:] = min(row, rows[0]), max(row, rows[1])
        if not columns[0] <= column <= columns[1]:
            columns[:] = min(column, columns[0]), max(column, columns[1])


def _parser(start: Callable[[str, dict[str, str]], None], text: Callable[[str], None]) -> "expat.XMLParserType":
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    return parser


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    if not 0 < number <= _COLUMNS_END:
        raise ValueError(f"a cell is in column {letters[:10]!r}")
    return number
