"""CSV holds every text, and no spreadsheet reads one of them as a formula."""

import csv
import io
import unicodedata

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from botmeter.reports.export import write_rows

_STARTS = "=+-@"
_MARKED = "=+-@＝＋－＠﹦﹢﹣﹫ \t\r\n\u00a0\u200b\ufeff\u3164\u180b\u17b5\U000e0100⁼₊\ufb29;,\"'"

# Of other categories.
_INVISIBLE = "\u3164\u180b\u17b5\U000e0100"


def texts() -> st.SearchStrategy[str]:
    """Short texts, mostly of characters that matter."""
    letters = st.one_of(st.sampled_from(_MARKED), st.characters(codec="utf-8", exclude_characters="\0"))
    return st.text(st.one_of(st.sampled_from("ab1"), letters), max_size=12)


def _csv(rows: list[tuple[str, str]]) -> str:
    out = io.BytesIO()
    table = pa.table({"first": [a for a, _ in rows], "second": [b for _, b in rows]})
    write_rows(table.to_reader(), format="csv", out=out)
    return out.getvalue().decode()


def _first_visible(text: str) -> str:
    for character in text:
        hidden = unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc", "Cf"} or character in _INVISIBLE
        if not hidden:
            return unicodedata.normalize("NFKC", character)
    return ""


@given(rows=st.lists(st.tuples(texts(), texts()), max_size=4))
def test_no_cell_is_a_formula_with_any_separator_or_without_quotes(rows: list[tuple[str, str]]) -> None:
    text = _csv(rows)
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            assert not [cell for cell in line if _first_visible(cell) in _STARTS and _first_visible(cell)]


@given(rows=st.lists(st.tuples(texts(), texts()), max_size=4))
def test_texts_without_signs_of_formulas_are_written_as_they_are_and_others_get_apostrophes_only(
    rows: list[tuple[str, str]],
) -> None:
    read = [tuple(line) for line in csv.reader(io.StringIO(_csv(rows), newline=""))][1:]
    for sent, shown in zip((cell for row in rows for cell in row), (cell for row in read for cell in row), strict=True):
        if not set(unicodedata.normalize("NFKC", sent)) & set(_STARTS + "\t\r\n"):
            assert shown == sent
        assert _without_apostrophes(shown) == _without_apostrophes(sent)


def _without_apostrophes(text: str) -> str:
    return text.replace("'", "")
