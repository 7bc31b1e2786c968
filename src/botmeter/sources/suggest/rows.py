"""Rows of a sample: its records, or those inside nested JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from botmeter.sources.suggest.addresses import ValueAddress, flattened
from botmeter.sources.suggest.json_start import value_of_cell
from botmeter.sources.suggest.sample import ROWS_MAX

Path = tuple[str, ...]
_DEPTH_MAX = 6
# Records in which lists are searched; one shape repeats.
_SEARCHED_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows with their values by address.

    Attributes:
        path: Keys and `*` from a record to the rows; empty: the records.
    """

    path: Path
    values: tuple[Mapping[ValueAddress, str], ...]
    is_cut: bool

    @property
    def pointer(self) -> str | None:
        return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in self.path) or None


def rows_at(records: Sequence[object], path: Path) -> Rows:
    """First rows at a path."""
    below = (row for record in records for row in _rows_below(record, path, prefix=(), outer={}))
    values = tuple(islice(below, ROWS_MAX))
    return Rows(path=path, values=values, is_cut=next(below, None) is not None)


def paths_to_lists(records: Sequence[object]) -> tuple[Path, ...]:
    """Paths to lists of objects, in order of appearance."""
    paths = {path: None for record in records[:_SEARCHED_MAX] for path in _lists(record, ())}
    return tuple(paths)


def _rows_below(
    node: object, path: Path, *, prefix: Path, outer: Mapping[ValueAddress, str]
) -> Iterator[Mapping[ValueAddress, str]]:
    node = value_of_cell(node) if isinstance(node, str) else node
    if not path:
        if isinstance(node, dict):
            yield {**flattened(node), **outer}
    elif path[0] == "*":
        for item in node if isinstance(node, list) else ():
            yield from _rows_below(item, path[1:], prefix=(*prefix, "*"), outer=outer)
    elif isinstance(node, dict) and path[0] in node:
        around = {**outer, **_values_around(node, key=path[0], prefix=prefix)}
        yield from _rows_below(node[path[0]], path[1:], prefix=(*prefix, path[0]), outer=around)


def _values_around(node: Mapping[str, object], *, key: str, prefix: Path) -> Mapping[ValueAddress, str]:
    return flattened(node, prefix=prefix, skipped=key)


def _lists(node: object, path: Path) -> Iterator[Path]:
    node = value_of_cell(node) if isinstance(node, str) else node
    if len(path) > _DEPTH_MAX:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _lists(value, (*path, key))
    elif isinstance(node, list) and any(isinstance(item, dict) for item in node):
        yield (*path, "*")
        for item in node[:_SEARCHED_MAX]:
            yield from _lists(item, (*path, "*"))
