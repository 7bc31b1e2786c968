"""Vectorized checks of columns, which flag doubtful rows for `validation`."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, ID_BYTES_MAX, KIND_BY_NAME, Kind
from botmeter.metering.schema import EVENTS_SCHEMA
from botmeter.sources.attributes import attributes_text
from botmeter.sources.column_texts import CheckedColumn, as_string, decoded, flags, no_doubt, present
from botmeter.sources.times.clock import Clock
from botmeter.sources.times.instant_columns import checked_instants
from botmeter.sources.validation import PREVIEW_BY_NAME

_ATTRIBUTES_KEPT = 1_024


def checked_column(name: str, sent: pa.Array, *, clock: Clock, default_channel: str) -> CheckedColumn:
    """Check the column of a field."""
    match name:
        case "occurred_at":
            return checked_instants(sent, clock=clock)
        case "actor":
            return _known(sent, ACTOR_BY_NAME, kind=pa.uint8())
        case "kind":
            numbers, doubt = _known(sent, KIND_BY_NAME, kind=pa.uint8())
            return numbers.fill_null(int(Kind.MESSAGE)), doubt
        case "preview" if pa.types.is_boolean(sent.type):
            return sent, no_doubt(sent)
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
            return _plain(decoded(sent))


def _coded(sent: pa.Array) -> CheckedColumn:
    try:
        coded = sent if pa.types.is_dictionary(sent.type) else sent.dictionary_encode()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.nulls(len(sent), pa.string()).dictionary_encode(), present(sent)
    values, doubtful = _plain(coded.dictionary)
    indices = coded.indices.cast(pa.int32())
    doubt = flags(pa.array(doubtful).take(indices)) if doubtful.any() else no_doubt(sent)
    if values.null_count:
        indices = pc.if_else(values.is_null().take(indices), pa.scalar(None, pa.int32()), indices)
        values = values.fill_null("")
    return pa.DictionaryArray.from_arrays(indices, values), doubt


def _plain(sent: pa.Array) -> CheckedColumn:
    text, doubt = as_string(sent)
    lengths = pc.binary_length(text)
    limits = pc.min_max(lengths).as_py()
    if limits["max"] is None:
        return text, doubt
    if limits["max"] > ID_BYTES_MAX:
        doubt |= flags(pc.greater(lengths, ID_BYTES_MAX))
    if limits["min"] == 0:
        text = pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.string()), text)
    data = text.buffers()[2]
    # Searching the whole column first is many times as fast as searching each value.
    if data is not None and data.size and not np.frombuffer(data, np.uint8).min():
        doubt |= flags(pc.match_substring(text, "\0"))
    return text, doubt


def _known(
    sent: pa.Array, known: Mapping[str, int], *, kind: pa.DataType, key: Callable[[str], str] = str
) -> CheckedColumn:
    coded, doubt = _coded(sent)
    values = pa.array([known.get(key(value)) for value in coded.dictionary.to_pylist()], kind).take(coded.indices)
    if values.null_count > coded.indices.null_count:
        doubt |= flags(pc.and_(coded.indices.is_valid(), values.is_null()))
    return values, doubt


def _attributes(sent: pa.Array) -> CheckedColumn:
    texts: list[str | None] = [None] * len(sent)
    doubt = no_doubt(sent)
    # Most events have none, and many the same.
    rows = pc.indices_nonzero(sent.is_valid())
    text_of = lru_cache(_ATTRIBUTES_KEPT)(attributes_text)
    for row, value in zip(rows.to_pylist(), sent.take(rows).to_pylist(), strict=True):
        try:
            read = text_of if isinstance(value, str) else attributes_text
            texts[row] = read(value) if value else None
        except Refused:
            doubt[row] = True
    return pa.array(texts, pa.string()), doubt
