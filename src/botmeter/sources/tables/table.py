"""Table of cells, whatever file it is in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection

SAMPLE_ROWS: Final = 30
_LISTED_NAMES_MAX: Final = 30
# In the languages of the exports we know; without a colon at their end.
_TOTAL_WORDS: Final = frozenset(
    (
        *("total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "gesamtergebnis"),
        *("totaal", "totale", "totales", "total geral", "total général", "somme", "suma", "итого", "всего"),
        *("合計", "总计", "कुल"),
    )
)

NumberedRow = tuple[int, Sequence[str]]
"""Number of a row, from 1 as spreadsheets show it, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBlock:
    """Consecutive rows, at most `RECORDS_MAX`, without blank ones.

    Attributes:
        rows: Cells as bytes, by the labels of columns.
        positions: In the file, from 0; uneven rows count too.
        uneven: Rows of other widths, not in `rows`.
        dates: Label → flags of cells that a workbook keeps as a date or time.
    """

    rows: pa.RecordBatch
    positions: npt.NDArray[np.int64]
    uneven: tuple[Rejection, ...] = ()
    dates: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Table of a file.

    Attributes:
        columns: Names in the header; empty if nameless.
        labels: The same, made unique.
        blocks: Raises `Refused` (`quote_not_closed`) and `TooMuch` (`record_too_long`, `rows_uneven`).
        below: Rows below the header, at least the first ones.
    """

    name: str
    columns: list[str]
    labels: list[str]
    blocks: Iterator[TableBlock]
    below: Callable[[], Iterator[NumberedRow]]
    delimiter: str = ","
    notes: tuple[str, ...] = ()

    def header_hint(self, expected: Collection[str]) -> str:
        """Sentence on a row that looks like the header, if any."""
        number = self.likely_header_row(expected)
        if number is None:
            return ""
        return f" Row {number} may be the header: name it with --header-row {number} or header_row = {number}."

    def likely_header_row(self, expected: Collection[str]) -> int | None:
        for number, cells in islice(self.below(), SAMPLE_ROWS):
            names = [cell.strip() for cell in cells]
            if (expected and set(expected) <= set(names)) or _is_below_a_title(self.columns, names):
                return number
        return None

    def check_single(self, names: Collection[str]) -> None:
        """Raise `Refused` (`column_doubled`) if the header repeats one of the names, in any case."""
        found = [column.lower() for column in self.columns]
        for name in names:
            if (count := found.count(name.lower())) > 1:
                raise Refused("column_doubled", f"{self.name} has the column {name!r} {count} times.")

    def label_by_name(self, names: Collection[str]) -> dict[str, str]:
        """Label of each column, by its name in lower case.

        Raises:
            Refused: `column_missing`, `column_doubled`.
        """
        found = [name.lower() for name in self.columns]
        missing = [name for name in names if name not in found]
        if missing:
            present = ", ".join([name[:64] for name in found if name][:_LISTED_NAMES_MAX])
            reason = f"{self.name} has no column {' and no '.join(missing)}; it has {present}."
            raise Refused("column_missing", reason + self.header_hint(missing))
        self.check_single([name for name in self.columns if name.lower() in names])
        return dict(zip(reversed(found), reversed(self.labels), strict=True))


def labels_of(names: Sequence[str]) -> list[str]:
    """Unique labels: the first column of a name keeps it."""
    taken = set(names)
    labels: list[str] = []
    for number, name in enumerate(names, start=1):
        label = name
        if not name or name in labels:
            label = f"{name} (column {number})" if name else f"column {number}"
            while label in taken:
                label += "_"
        taken.add(label)
        labels.append(label)
    return labels


def header_missing(name: str, header_row: int | None) -> Refused:
    """Refusal of a table with too few rows."""
    if header_row is None:
        return Refused("header_missing", f"{name} has no header: all of its rows are blank.")
    return Refused("header_missing", f"{name} has no row {header_row}, which is given as its header.")


def total_word(cells: Collection[str]) -> str | None:
    """Word that marks a row as a total."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or len(filled) * 2 > len(cells) + 1:
        return None
    return filled[0] if filled[0].rstrip(" :.").casefold() in _TOTAL_WORDS else None


def _is_below_a_title(columns: Sequence[str], names: Sequence[str]) -> bool:
    titled = sum(map(bool, columns))
    return titled < 2 < sum(map(bool, names)) and len(set(names)) == len(names)
