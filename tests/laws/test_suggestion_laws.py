"""A mapping is suggested for every file, and its text is the mapping."""

import json
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile
from botmeter.sources.suggest.mapping_text import text_of_suggestion
from botmeter.sources.suggest.suggested_mapping import suggested_mapping

NAMES = st.one_of(
    st.sampled_from(["id", "chat", "user", "role", "created_at", "messages", "event", "$date", "a/b", 'a"b', "sent"]),
    st.text(max_size=4),
)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["visitor", "bot", "2026-03-01T10:00:00Z", "1/2/2026 9:00 PM", '{"a": [1]}', "1,7E+12", ""]),
    st.text(max_size=6),
)
VALUES = st.recursive(
    CELLS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=20,
)


def checked(content: bytes, *, form: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        path.write_bytes(content)
        try:
            suggestion = suggested_mapping(SourceFile(path=str(path), format=form))
        except Refused:
            return
    document = suggestion.document()
    assert tomllib.loads(text_of_suggestion(suggestion)) == document
    mapping_from_document(document)


@given(st.lists(VALUES, max_size=5), st.sampled_from(["lines", "array", "object", "cut"]))
@example([{"\x1f": "visitor"}], "lines")
def test_json_of_any_shape_gives_a_mapping(values: list[object], form: str) -> None:
    text = {
        "lines": lambda: "\n".join(map(json.dumps, values)),
        "array": lambda: json.dumps(values),
        "object": lambda: json.dumps({"data": values}),
        "cut": lambda: json.dumps(values)[:-3],
    }[form]()
    checked(text.encode(), form="json")


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_a_table_of_any_cells_gives_a_mapping(names: list[str], rows: list[list[object]]) -> None:
    lines = [names, *([str(cell) for cell in row] for row in rows)]
    checked("\n".join(",".join(line) for line in lines).encode("utf-8", "replace"), form="csv")
