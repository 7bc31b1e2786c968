"""Addresses of the values in a record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from botmeter.sources.suggest.json_start import value_of_cell
from botmeter.sources.suggest.suggestion import Document
from botmeter.sources.suggest.words import words_of

# A record with more has attachments or answers of a language model in it.
ADDRESSES_MAX = 300
_DEPTH_MAX = 6
# Alone they don't say whose they are.
_BARE = frozenset({"id", "uid", "name", "type", "email", "phone", "role", "key", "value", "kind", "bot"})
# Wrappers that databases write around a value.
_WRAPPERS = frozenset({"oid", "date", "number_long", "number_int", "number_double"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAddress:
    """Address of a value: `column`, then `path`; with `is_outer` from the top of the document."""

    column: str
    path: tuple[str, ...] = ()
    is_outer: bool = False
    is_text_of_json: bool = False

    @property
    def document(self) -> Document:
        if self.is_outer:
            return {"outer": _pointer((self.column, *self.path))}
        if not self.path:
            return {"column": self.column}
        if self.is_text_of_json:
            return {"column": self.column, "pointer": _pointer(self.path)}
        return {"pointer": _pointer((self.column, *self.path))}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the value, the most telling first."""
        parts = [part for part in (self.column, *self.path) if not part.isdigit()]
        words = [words_of(part) for part in parts if part != "*"]
        while len(words) > 1 and words[-1] in _WRAPPERS and parts[-1].startswith("$"):
            words.pop()
            parts.pop()
        if self.is_outer and words[-1:] == ["id"] and (len(parts) == 1 or parts[-2] == "*"):
            return ("conversation_id",)
        if len(words) < 2:
            return tuple(words)
        pair = f"{_singular(words[-2])}_{words[-1]}"
        # A bare name stands for its owner too: /from/id is a sender.
        return (pair,) if words[-1] in _BARE else (pair, words[-1])


def flattened(
    record: Mapping[str, object], *, prefix: tuple[str, ...] = (), skipped: str = ""
) -> dict[ValueAddress, str]:
    """Filled values of a record, its objects, and the first item of its lists.

    Args:
        prefix: Path from the top of the document.
        skipped: Key to leave out.
    """
    texts: dict[ValueAddress, str] = {}
    for key, value in record.items():
        if key == skipped:
            continue
        for path, text, is_json in _leaves(value, ()):
            if len(texts) >= ADDRESSES_MAX:
                return texts
            parts = (*prefix, key, *path)
            address = ValueAddress(
                column=parts[0], path=parts[1:], is_outer=bool(prefix) or bool(skipped), is_text_of_json=is_json
            )
            texts[address] = text
    return texts


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    match value:
        case bool():
            yield path, str(value).lower(), False
        case str() if value:
            yield path, value, False
            inside = value_of_cell(value)
            if isinstance(inside, dict):
                yield from ((deeper, text, True) for deeper, text, _ in _leaves(inside, path) if deeper != path)
        case dict() if len(path) < _DEPTH_MAX:
            for key, part in value.items():
                yield from _leaves(part, (*path, key))
        case [first, *_] if len(path) < _DEPTH_MAX:
            yield from _leaves(first, (*path, "0"))


def _pointer(parts: tuple[str, ...]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _singular(word: str) -> str:
    return word.removesuffix("s")
