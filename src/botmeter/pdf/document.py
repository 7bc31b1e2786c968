"""Content of a document as text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Name, and the id that stands for it where no font has it."""

    name: str
    id: str


Cell = str | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfTable:
    """Table whose first `text_columns` are text and whose others are numbers.

    Attributes:
        wide: Positions of the columns that share the remaining room.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    text_columns: int = 1
    wide: tuple[int, ...] = (0,)
    totals: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSection:
    """Section with a heading; `level` 2 is within the section before."""

    heading: str
    table: PdfTable
    note: str = ""
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfChart:
    """Drawing as SVG without fonts."""

    svg: bytes
    alt: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfDocument:
    """Document as text.

    Attributes:
        figure: Label and text of the one number that stands large.
        at_us: Date of the file (µs UTC).
    """

    title: str
    account: Cell
    figure: tuple[str, str]
    facts: tuple[tuple[str, Cell], ...]
    sections: tuple[PdfSection, ...]
    footer: str
    at_us: int
    chart: PdfChart | None = None
