"""Text in equals text out: what a table holds is what its reader gives, in every kind of file."""

import csv
import io
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st
from tests.support.workbooks import workbook

from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.text_encoding import utf8_stream

Rows = list[tuple[str, str, str]]
HEADER = ("first", "second", "third")
_MARKED = "a1;,\t|\"'\n\r\\ \u00a0\u202f\u200b\ufeff\ufffd\u2028é€İß=+-.0E_x👩🏽‍🚀"
# XML has no other control characters, and workbooks have no carriage return of their own.
_OF_WORKBOOKS = st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Z"))


def texts(letters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Short texts, mostly of characters that matter."""
    return st.text(st.one_of(st.sampled_from(_MARKED), letters), max_size=8)


def rows(letters: st.SearchStrategy[str]) -> st.SearchStrategy[Rows]:
    """Rows of three cells, none of them blank as a whole."""
    cells = st.tuples(texts(letters), texts(letters), texts(letters))
    return st.lists(cells.map(lambda row: ("x" + row[0], *row[1:])), max_size=5)


def read(content: bytes, options: TableOptions) -> Rows:
    """Cells of a table below its header."""
    with closing(ByteStream(io.BytesIO(content), name="it")) as opened:
        table = open_table(utf8_stream(opened, encoding=options.encoding), options=options, expected=HEADER)
        assert table.columns == list(HEADER)
        blocks = [row for block in table.blocks for row in block.rows.to_pylist()]
    return [(row["first"].decode(), row["second"].decode(), row["third"].decode()) for row in blocks]


def written(cells: Rows, delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *cells])
    return out.getvalue()


@given(
    cells=rows(st.characters(codec="utf-8", exclude_characters="\0")),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from([None, "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030"]),
    has_mark=st.booleans(),
)
def test_text_in_a_delimited_file_comes_out_as_it_is(
    cells: Rows, delimiter: str, encoding: str | None, has_mark: bool
) -> None:
    sep = f"sep={delimiter}\r\n" if has_mark else ""
    content = (sep + written(cells, delimiter)).encode(encoding or "utf-8")
    assert read(content, TableOptions(encoding=encoding)) == cells


@given(cells=rows(_OF_WORKBOOKS))
def test_text_in_a_workbook_comes_out_as_it_is(cells: Rows) -> None:
    assert read(workbook(HEADER, *cells), TableOptions()) == cells


@given(numbers=st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=5))
def test_a_whole_number_in_a_workbook_comes_out_with_all_its_digits(numbers: list[int]) -> None:
    rows_of_numbers = [("x", number, "") for number in numbers]
    assert read(workbook(HEADER, *rows_of_numbers), TableOptions()) == [("x", str(number), "") for number in numbers]
