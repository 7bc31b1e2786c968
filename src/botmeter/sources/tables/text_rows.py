"""Rows of a platform's table as text; what can't be text, and totals, become rejections."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.sources.mapping.mapped import cell_value, row_bytes
from botmeter.sources.tables.id_columns import IdColumns
from botmeter.sources.tables.table import Table, total_word


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRows:
    """Rows of a block, with their positions in the file.

    Attributes:
        count: Of all rows, rejected ones too.
    """

    rows: tuple[tuple[int, Mapping[str, str]], ...]
    rejections: tuple[Rejection, ...]
    count: int


def text_rows(table: Table, ids: IdColumns, *, required: Collection[str]) -> Iterator[TextRows]:
    """Yield rows by the labels of columns; `required` labels are filled unless the row is a total."""
    for block in table.blocks:
        ids.checked(dict(zip(block.rows.schema.names, block.rows.columns, strict=True)))
        rows: list[tuple[int, Mapping[str, str]]] = []
        rejections = list(block.uneven)
        for position, row in zip(block.positions.tolist(), block.rows.to_pylist(), strict=True):
            cells = {name: str(cell_value(cell)) for name, cell in row.items()}
            try:
                rows.append((position, _checked(cells, ids, required=required)))
            except Refused as fault:
                rejections.append(
                    Rejection(
                        index=position, event_id=None, code=fault.code, detail=fault.message, raw=row_bytes(cells)
                    )
                )
        rejections.sort(key=lambda rejection: rejection.index)
        yield TextRows(rows=tuple(rows), rejections=tuple(rejections), count=len(block.positions) + len(block.uneven))


def _checked(cells: Mapping[str, str], ids: IdColumns, *, required: Collection[str]) -> Mapping[str, str]:
    for name, cell in cells.items():
        if not cell.isascii() and any("\ud800" <= character <= "\udfff" for character in cell):
            raise Refused("text_invalid", f"{name} holds bytes that are not UTF-8. Name the encoding of the file.")
    check_total(cells.values(), is_whole=all(cells[name] for name in required))
    return ids.checked_row(cells)


def check_total(cells: Collection[str], *, is_whole: bool) -> None:
    """Raises `Refused` (`row_total`) for a row of totals."""
    word = None if is_whole else total_word(cells)
    if word is not None:
        raise Refused("row_total", f"The row is a total ({word[:40]!r}), not an entry.")
