"""Vectorized checks of columns, which flag doubtful rows for `validation`."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, ID_BYTES_MAX, KIND_BY_NAME, Kind
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US
from botmeter.metering.schema import EVENTS_SCHEMA
from botmeter.sources.attributes import attributes_text
from botmeter.sources.clock import EPOCH_US, Clock, us_from_number
from botmeter.sources.times import us_from_texts
from botmeter.sources.validation import PREVIEW_BY_NAME

Flags = npt.NDArray[np.bool_]
CheckedColumn = tuple[pa.Array, Flags]
"""A column of `EVENTS_SCHEMA`, and flags of doubtful rows."""

_TEXT_TYPES: Final = frozenset(
    {"string", "large_string", "string_view", "binary", "large_binary", "binary_view", "fixed_size_binary"}
)


def checked_column(name: str, sent: pa.Array, *, clock: Clock, default_channel: str) -> CheckedColumn:
    """Check the column of a field."""
    match name:
        case "occurred_at":
            return _instants(sent, clock)
        case "actor":
            return _known(sent, ACTOR_BY_NAME, kind=pa.uint8())
        case "kind":
            numbers, doubt = _known(sent, KIND_BY_NAME, kind=pa.uint8())
            return numbers.fill_null(int(Kind.MESSAGE)), doubt
        case "preview" if pa.types.is_boolean(sent.type):
            return sent, _no_doubt(sent)
        case "preview":
            return _known(sent, PREVIEW_BY_NAME, kind=pa.bool_(), key=str.lower)
        case "attributes":
            return _attributes(sent)
        case "channel":
            coded, doubt = _coded(sent)
            values = pa.concat_arrays([coded.dictionary, pa.array([default_channel])])
            return pa.DictionaryArray.from_arrays(coded.indices.fill_null(len(values) - 1), values), doubt
        case _ if pa.types.is_dictionary(EVENTS_SCHEMA.field(name).type):
            return _coded(sent)
        case _:
            return _plain(_decoded(sent))


def _coded(sent: pa.Array) -> CheckedColumn:
    try:
        coded = sent if pa.types.is_dictionary(sent.type) else sent.dictionary_encode()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.nulls(len(sent), pa.string()).dictionary_encode(), _present(sent)
    values, doubtful = _plain(coded.dictionary)
    indices = coded.indices.cast(pa.int32())
    doubt = _flags(pa.array(doubtful).take(indices)) if doubtful.any() else _no_doubt(sent)
    if values.null_count:
        indices = pc.if_else(values.is_null().take(indices), pa.scalar(None, pa.int32()), indices)
        values = values.fill_null("")
    return pa.DictionaryArray.from_arrays(indices, values), doubt


def _decoded(sent: pa.Array) -> pa.Array:
    return sent.dictionary.take(sent.indices) if pa.types.is_dictionary(sent.type) else sent


def _plain(sent: pa.Array) -> CheckedColumn:
    text, doubt = _as_string(sent)
    lengths = pc.binary_length(text)
    limits = pc.min_max(lengths).as_py()
    if limits["max"] is None:
        return text, doubt
    if limits["max"] > ID_BYTES_MAX:
        doubt |= _flags(pc.greater(lengths, ID_BYTES_MAX))
    if limits["min"] == 0:
        text = pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.string()), text)
    data = text.buffers()[2]
    # Searching the whole column first is many times as fast as searching each value.
    if data is not None and b"\0" in data.to_pybytes():
        doubt |= _flags(pc.match_substring(text, "\0"))
    return text, doubt


def _as_string(sent: pa.Array) -> CheckedColumn:
    if pa.types.is_integer(sent.type) or pa.types.is_null(sent.type):
        return sent.cast(pa.string()), _no_doubt(sent)
    if str(sent.type).partition("[")[0] not in _TEXT_TYPES:
        return pa.nulls(len(sent), pa.string()), _present(sent)
    try:
        text = sent.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        return _readable(sent.cast(pa.large_binary()))
    return text, _no_doubt(sent)


def _readable(sent: pa.Array) -> CheckedColumn:
    def text(value: bytes) -> str | None:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None

    texts = pa.array([None if value is None else text(value) for value in sent.to_pylist()], pa.string())
    return texts, _flags(pc.and_(sent.is_valid(), texts.is_null()))


def _present(sent: pa.Array) -> Flags:
    return _flags(sent.is_valid())


def _no_doubt(sent: pa.Array) -> Flags:
    return np.zeros(len(sent), np.bool_)


def _flags(column: pa.Array) -> Flags:
    flags: Flags = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return flags


def _known(
    sent: pa.Array, known: Mapping[str, int], *, kind: pa.DataType, key: Callable[[str], str] = str
) -> CheckedColumn:
    coded, doubt = _coded(sent)
    values = pa.array([known.get(key(value)) for value in coded.dictionary.to_pylist()], kind).take(coded.indices)
    if values.null_count > coded.indices.null_count:
        doubt |= _flags(pc.and_(coded.indices.is_valid(), values.is_null()))
    return values, doubt


def _attributes(sent: pa.Array) -> CheckedColumn:
    texts: list[str | None] = [None] * len(sent)
    doubt = _no_doubt(sent)
    for row, value in enumerate(sent.to_pylist() if sent.null_count < len(sent) else ()):
        try:
            texts[row] = attributes_text(value) if value else None
        except Refused:
            doubt[row] = True
    return pa.array(texts, pa.string()), doubt


def _instants(sent: pa.Array, clock: Clock) -> CheckedColumn:
    sent = _decoded(sent)
    if pa.types.is_timestamp(sent.type) and sent.type.tz is not None:
        return _instants_from_numbers(sent.cast(pa.int64()), unit=sent.type.unit)
    if pa.types.is_integer(sent.type) and clock.format in EPOCH_US:
        return _instants_from_numbers(sent, unit=clock.format.removeprefix("epoch_"))
    text, _ = _as_string(sent)
    if clock.format == "iso" and clock.zone is None:
        instants, read = us_from_texts(text)
        return pa.array(instants), ~(read & _in_range(instants))
    return _instants_one_by_one(text, clock)


def _instants_one_by_one(text: pa.Array, clock: Clock) -> CheckedColumn:
    instants = np.zeros(len(text), np.int64)
    read = np.zeros(len(text), np.bool_)
    for row, value in enumerate(text.to_pylist()):
        try:
            instants[row], read[row] = (0, False) if not value else (clock.us(value), True)
        except Refused:
            continue
    return pa.array(instants), ~read


def _instants_from_numbers(sent: pa.Array, *, unit: str) -> CheckedColumn:
    if pa.types.is_uint64(sent.type):
        sent = pc.if_else(pc.less(sent, 2**63), sent, pa.scalar(None, pa.uint64()))
    numbers = sent.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if unit != "ns":
        # Clipped before the product, which could overflow; clipped values stay out of range.
        us_each = us_from_number(1, unit=unit)
        numbers = np.clip(numbers, INSTANT_FIRST_US // us_each - 1, INSTANT_END_US // us_each + 1)
    instants = us_from_number(numbers, unit=unit)
    read = _in_range(instants) & _present(sent)
    return pa.array(np.where(read, instants, 0)), ~read


def _in_range(instants: npt.NDArray[np.int64]) -> Flags:
    return (instants >= INSTANT_FIRST_US) & (instants < INSTANT_END_US)
