"""Tables of platforms whose rows are payloads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from botmeter.domain.receipt import Rejection
from botmeter.sources.json_text.elements import Objects
from botmeter.sources.payloads.connector import JoinedFiles
from botmeter.sources.payloads.payload_json import json_bytes
from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.id_columns import IdColumns
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.tables.text_rows import TextRows, text_rows

_ROWS_MAX = 500
_NULL = "\\N"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadBlock:
    """Consecutive payloads of a file, after rows that are none."""

    objects: Objects = field(default_factory=lambda: Objects.from_texts([]))
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[str, ...] = ()


def blocks_of_table(stream: ByteStream, joined: JoinedFiles, *, options: TableOptions) -> Iterator[PayloadBlock]:
    """Yield rows as JSON objects with names in lower case; raises as `open_table`, `column_missing` too."""
    table = open_table(stream, options=options, expected=joined.columns)
    labels = table.label_by_name(joined.columns)
    names = {label: name for name, label in labels.items()}
    ids = IdColumns([labels[joined.id_column]])
    notes = table.notes
    for rows in text_rows(table, ids, required=[labels[name] for name in joined.columns]):
        texts, rejections = _texts(rows, names)
        yield PayloadBlock(rejections=rejections, notes=notes)
        notes = ()
        for start in range(0, len(texts), _ROWS_MAX):
            yield PayloadBlock(objects=Objects.from_texts(texts[start : start + _ROWS_MAX]))
    yield PayloadBlock(notes=ids.notes(table.name))


def _texts(rows: TextRows, names: Mapping[str, str]) -> tuple[list[bytes], tuple[Rejection, ...]]:
    texts = {position: _row_text(cells, names) for position, cells in rows.rows}
    rejections = []
    for each in rows.rejections:
        # A row with a cell too many can still have all that counts.
        if each.code == "row_uneven":
            texts[each.index] = _row_text(json.loads(each.raw), names)
        else:
            rejections.append(each)
    return [texts[position] for position in sorted(texts)], tuple(rejections)


def _row_text(cells: Mapping[str, str], names: Mapping[str, str]) -> bytes:
    return json_bytes({names.get(name, name.lower()): cell for name, cell in cells.items() if cell not in ("", _NULL)})
