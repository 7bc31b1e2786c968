"""Values at JSON pointers of many objects, a column at a time: by Arrow, else by msgspec."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from botmeter.sources.json_text.elements import Objects
from botmeter.sources.json_text.json_members import UNREADABLE, cell_json, member_of, members_of, record_value
from botmeter.sources.json_text.pointer import Path

Column: TypeAlias = "pa.Array | list[object]"
Tree = dict[str, "Tree"]
"""Paths as nested names; a leaf is empty."""

_PIECE_BYTES: Final = 4 << 20
"""Each piece of a block goes to a thread of its own."""
# A few objects tell which type the columns have; a column of other values is read by msgspec.
_SAMPLE_OBJECTS: Final = 20
_ARROW_TYPES: Final = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}


def columns_at(objects: Objects, paths: Collection[Path], *, as_text: Collection[Path] = ()) -> dict[Path, Column]:
    """Values at each path, in order of the objects.

    Args:
        as_text: Paths of members whose objects stay JSON text.
    """
    return _columns(objects, paths, decode=record_value, as_text=as_text)


def columns_within(column: pa.Array, paths: Collection[Path]) -> dict[Path, Column]:
    """Values at each path of the cells of a table's column; an empty path is the column itself."""
    below = [path for path in paths if path]
    columns: dict[Path, Column] = {(): column} if () in paths else {}
    if not below:
        return columns
    if pa.types.is_nested(column.type):
        return columns | {path: _nested_values(column, path) for path in below}
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if not is_text(coded.type):
        return columns | dict.fromkeys(below, pa.nulls(len(column)))
    cells = _columns_in_texts(coded.dictionary, below)
    return columns | {path: _cells_at(cells[path], coded.indices) for path in below}


def uniform_array(values: list[object]) -> pa.Array | None:
    """Column of texts, whole numbers or truth values; None for others or mixed ones."""
    kinds = set(map(type, values)) - {type(None)}
    try:
        return pa.array(values, _ARROW_TYPES[kinds.pop()] if len(kinds) == 1 else pa.null())
    except (KeyError, UnicodeEncodeError, OverflowError, pa.ArrowException):
        return None


def is_text(kind: pa.DataType) -> bool:
    """Check for text, maybe not UTF-8, plain or in a dictionary."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(plain) or pa.types.is_binary(plain)


def _nested_values(column: pa.Array, path: Path) -> Column:
    kind = column.type
    if is_text(kind):
        return columns_within(column, [path])[path]
    index = kind.get_field_index(path[0]) if path and pa.types.is_struct(kind) else -1
    if index >= 0:
        return _nested_values(pc.struct_field(column, [index]), path[1:])
    if not path and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        return column
    try:
        cells = column.to_pylist()
    except UnicodeDecodeError:
        return [UNREADABLE] * len(column)
    return values_at([dict(cell) for cell in cells] if pa.types.is_map(kind) else cells, [path])[path]


def _cells_at(cells: Column, indices: pa.Array) -> Column:
    array = uniform_array(cells) if isinstance(cells, list) else cells
    if array is not None:
        return array.take(indices)
    return [None if index is None else cells[index] for index in indices.to_pylist()]


def _columns_in_texts(cells: pa.Array, paths: Collection[Path]) -> dict[Path, Column]:
    texts = [text or b"{}" for text in cells.cast(pa.binary()).to_pylist()]
    return _columns(Objects.from_texts(texts), paths, decode=cell_json)


def values_at(values: Sequence[object], paths: Collection[Path]) -> dict[Path, list[object]]:
    """Values at each path of decoded values; each JSON text on the way is parsed once."""
    found: dict[Path, list[object]] = {}
    _descend(list(values), _tree(paths), at=(), found=found)
    return {path: found[path] for path in paths}


def _columns(
    objects: Objects,
    paths: Collection[Path],
    *,
    decode: Callable[[bytes], object],
    as_text: Collection[Path] = (),
) -> dict[Path, Column]:
    texts = objects.texts
    columns: dict[Path, Column] = {}
    if objects.are_one_a_line and texts:
        # An odd step, since every other object can be of another kind.
        sample = [decode(text) for text in texts[:: len(texts) // _SAMPLE_OBJECTS | 1]]
        columns = _by_arrow(objects, paths, sample=[value for value in sample if value is not UNREADABLE])
    missing = [path for path in paths if path not in columns]
    if () in missing:
        return columns | values_at([decode(text) for text in texts], missing)
    if missing:
        columns.update(_by_members(texts, missing, decode=decode, as_text=as_text))
    return columns


def _by_members(
    texts: Sequence[bytes], paths: list[Path], *, decode: Callable[[bytes], object], as_text: Collection[Path]
) -> dict[Path, Column]:
    within: dict[str, list[Path]] = {}
    for name, *below in paths:
        within.setdefault(name, []).append(tuple(below))
    names = frozenset(name for name, below in within.items() if below == [()] and (name,) in as_text)
    columns: dict[Path, Column] = {}
    for name, values in members_of(texts, tuple(within), decode=decode, as_text=names).items():
        found = values_at(values, within[name]) if isinstance(values, list) else {(): values}
        columns.update({(name, *below): column for below, column in found.items()})
    return columns


def _tree(paths: Iterable[Path]) -> Tree:
    tree: Tree = {}
    for path in paths:
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree


def _descend(values: list[object], tree: Tree, *, at: Path, found: dict[Path, list[object]]) -> None:
    found[at] = values
    if tree and any(type(value) is str for value in values):
        values = [cell_json(value) if type(value) is str else value for value in values]
    for part, below in tree.items():
        children = [value.get(part) if type(value) is dict else member_of(value, part) for value in values]
        _descend(children, below, at=(*at, part), found=found)


def _by_arrow(objects: Objects, paths: Collection[Path], *, sample: list[object]) -> dict[Path, Column]:
    leaves = {path: _leaf(sample, path) for path in paths}
    types = {leaf: kind for leaf, kind in leaves.values() if kind is not None}
    tree = _tree(types)
    # Arrow has no column for what is both an object and a text.
    types = {leaf: kind for leaf, kind in types.items() if not _below(tree, leaf)}
    table = read_objects(objects, pa.schema(_fields(tree, types))) if types else None
    columns: dict[Path, Column] = {}
    for leaf in types if table is not None else ():
        column = _leaf_column(table, leaf)
        within = [path for path in paths if leaves[path][0] == leaf != path]
        cells = _columns_in_texts(column, [path[len(leaf) :] for path in within]) if within else {}
        columns.update({path: cells[path[len(leaf) :]] for path in within})
        if leaf in paths:
            columns[leaf] = column
    return columns


def _leaf(sample: list[object], path: Path) -> tuple[Path, pa.DataType | None]:
    values = sample
    for end in range(len(path)):
        kinds = {type(value) for value in values if value is not None}
        if end and kinds == {str}:
            return path[:end], pa.string()
        if not kinds <= {dict}:
            return path, None
        values = [value.get(path[end]) for value in values if isinstance(value, dict)]
    kinds = {type(value) for value in values if value is not None}
    return path, pa.string() if not kinds else _ARROW_TYPES.get(kinds.pop()) if len(kinds) == 1 else None


def _below(tree: Tree, path: Path) -> Tree:
    for part in path:
        tree = tree[part]
    return tree


def _fields(tree: Tree, types: Mapping[Path, pa.DataType], *, at: Path = ()) -> list[pa.Field]:
    kinds = {
        part: pa.struct(_fields(below, types, at=(*at, part))) if below else types[*at, part]
        for part, below in tree.items()
    }
    return [pa.field(part, kind) for part, kind in kinds.items()]


def _leaf_column(table: pa.Table, path: Path) -> pa.Array:
    column = table[path[0]].combine_chunks()
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 else column


def read_objects(objects: Objects, schema: pa.Schema) -> pa.Table | None:
    """Read the columns of a schema by Arrow; None if it can't read each object as a row."""
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(objects.joined),
            # A single piece is read here: waking a thread takes longer, on a busy machine much longer.
            read_options=pyarrow.json.ReadOptions(
                block_size=_PIECE_BYTES, use_threads=len(objects.joined) > _PIECE_BYTES
            ),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    return table if len(table) == objects.count else None
