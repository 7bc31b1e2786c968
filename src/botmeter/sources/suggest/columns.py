"""Columns of sampled rows, with facts about their values."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from botmeter.sources.suggest.addresses import ValueAddress
from botmeter.sources.suggest.suggestion import ColumnKind, SampleColumn
from botmeter.sources.suggest.time_formats import TimeFormat, time_format
from botmeter.sources.suggest.words import TIME_ENDINGS, rank

_SAMPLES = 5
_SAMPLE_CHARACTERS = 40
_BOOLEANS = frozenset({"true", "false", "yes", "no", "0", "1"})
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_DAMAGED_ID = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_TIME_LIKE = re.compile(r"(?:\d\D*){5}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Values at one address, one per row; None: empty."""

    address: ValueAddress
    values: tuple[str | None, ...]
    counts: Mapping[str, int]
    time: TimeFormat | None

    @property
    def filled_count(self) -> int:
        return sum(self.counts.values())

    @property
    def filled_share(self) -> float:
        return self.filled_count / len(self.values)

    @property
    def is_unique(self) -> bool:
        return len(self.counts) == len(self.values)

    @property
    def holds_damaged_ids(self) -> bool:
        return any(map(_DAMAGED_ID.fullmatch, self.counts))

    @property
    def label(self) -> str:
        return self.facts().label

    @property
    def samples(self) -> tuple[str, ...]:
        return tuple(map(readable, list(self.counts)[:_SAMPLES]))

    def rank(self, field: str) -> int | None:
        return rank(field, self.address.names)

    def facts(self) -> SampleColumn:
        return SampleColumn(
            location=self.address.document,
            kind=self._kind,
            samples=self.samples,
            distinct_count=len(self.counts),
            filled_count=self.filled_count,
        )

    @property
    def _kind(self) -> ColumnKind:
        if not self.counts:
            return "empty"
        if self.time is not None:
            return "time"
        if all(value.lower() in _BOOLEANS for value in self.counts):
            return "boolean"
        return "number" if all(map(_NUMBER.fullmatch, self.counts)) else "text"


def columns_of(rows: Sequence[Mapping[ValueAddress, str]]) -> tuple[Column, ...]:
    """Columns in order of appearance."""
    addresses = dict.fromkeys(address for row in rows for address in row)
    return tuple(_column(address, [row.get(address) for row in rows]) for address in addresses)


def ranked(columns: Iterable[Column], field: str) -> list[Column]:
    """Columns whose names fit a field, the best first."""
    ranks = [(column.rank(field), column) for column in columns]
    fitting = [(number, column) for number, column in ranks if number is not None]
    return [column for _, column in sorted(fitting, key=lambda pair: pair[0])]


def without_controls(text: str) -> str:
    """Replace control characters by blanks."""
    return _CONTROL.sub(" ", text)


def readable(value: str) -> str:
    """One line of text, without control characters, at most 40 long."""
    text = without_controls(value)
    return text if len(text) <= _SAMPLE_CHARACTERS else f"{text[: _SAMPLE_CHARACTERS - 1]}…"


def _column(address: ValueAddress, values: Sequence[str | None]) -> Column:
    counts = Counter(value for value in values if value)
    form = time_format(list(counts)) if any(map(_TIME_LIKE.search, list(counts)[:_SAMPLES])) else None
    # Phone numbers and ids are as long as times.
    if form is not None and form.is_number and not _is_named_as_time(address):
        form = None
    return Column(address=address, values=tuple(values), counts=counts, time=form)


def _is_named_as_time(address: ValueAddress) -> bool:
    return rank("occurred_at", address.names) is not None or any(name.endswith(TIME_ENDINGS) for name in address.names)
