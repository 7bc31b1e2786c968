"""Vectorized checks of columns, which flag doubtful rows for `validation`."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, ID_BYTES_MAX, KIND_BY_NAME, Kind
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US
from botmeter.metering.schema import EVENTS_SCHEMA
from botmeter.sources.attributes import attributes_text
from botmeter.sources.clock import EPOCH_US, Clock
from botmeter.sources.times import us_from_texts
from botmeter.sources.validation import PREVIEW_BY_NAME

Flags = npt.NDArray[np.bool_]
CheckedColumn = tuple[pa.Array, Flags | None]


def checked_column(name: str, sent: pa.Array, *, clock: Clock, default_channel: str) -> CheckedColumn:
    """Return a column of `EVENTS_SCHEMA`, and flags of doubtful rows, if any."""
    match name:
        case "occurred_at":
            return _instants(sent, clock)
        case "actor":
            return _numbers(sent, ACTOR_BY_NAME, default=None)
        case "kind":
            return _numbers(sent, KIND_BY_NAME, default=int(Kind.MESSAGE))
        case "preview":
            return _previews(sent)
        case "attributes":
            return _attributes(sent)
        case _:
            return _texts(sent, EVENTS_SCHEMA.field(name).type, default=default_channel if name == "channel" else None)


def _texts(sent: pa.Array, wanted: pa.DataType, *, default: str | None) -> CheckedColumn:
    if pa.types.is_dictionary(wanted):
        coded, doubt = _coded(sent)
        values = coded.dictionary
        if default is not None and coded.null_count:
            values = pa.concat_arrays([values, pa.array([default])])
            coded = pa.DictionaryArray.from_arrays(coded.indices.fill_null(len(values) - 1), values)
        return coded, doubt
    if pa.types.is_dictionary(sent.type):
        sent = _decoded(sent)
    return _plain(sent)


def _coded(sent: pa.Array) -> tuple[pa.DictionaryArray, Flags | None]:
    try:
        coded = sent if pa.types.is_dictionary(sent.type) else sent.dictionary_encode()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None] * len(sent), pa.string()).dictionary_encode(), _present(sent)
    values, doubtful = _plain(coded.dictionary)
    indices = coded.indices.cast(pa.int32())
    doubt = None
    if doubtful is not None:
        doubt = pc.fill_null(pa.array(doubtful).take(indices), False).to_numpy(zero_copy_only=False)
    if values.null_count:
        indices = pc.if_else(values.is_null().take(indices), pa.scalar(None, pa.int32()), indices)
        values = values.fill_null("")
    return pa.DictionaryArray.from_arrays(indices, values), doubt


def _decoded(sent: pa.DictionaryArray) -> pa.Array:
    return sent.dictionary.take(sent.indices)


def _plain(sent: pa.Array) -> CheckedColumn:
    text, doubt = _as_string(sent)
    lengths = pc.binary_length(text)
    limits = pc.min_max(lengths).as_py()
    if limits["max"] is None:
        return text, doubt
    if limits["max"] > ID_BYTES_MAX:
        doubt = _either(doubt, pc.fill_null(pc.greater(lengths, ID_BYTES_MAX), False))
    if limits["min"] == 0:
        text = pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.string()), text)
    if _holds_nul(text):
        doubt = _either(doubt, pc.fill_null(pc.match_substring(text, "\0"), False))
    return text, doubt


def _as_string(sent: pa.Array) -> CheckedColumn:
    kind = sent.type
    if pa.types.is_integer(kind):
        return sent.cast(pa.string()), None
    if pa.types.is_null(kind):
        return sent.cast(pa.string()), None
    if not _is_text(kind):
        return pa.nulls(len(sent), pa.string()), _present(sent)
    try:
        if pa.types.is_string(kind):
            sent.validate(full=True)
            return sent, None
        text = sent.cast(pa.string())
        text.validate(full=True)
        return text, None
    except pa.ArrowInvalid:
        return _readable(sent.cast(pa.large_binary()))


def _readable(sent: pa.Array) -> CheckedColumn:
    texts: list[str | None] = []
    doubt = np.zeros(len(sent), np.bool_)
    for row, value in enumerate(sent.to_pylist()):
        try:
            texts.append(value.decode() if value is not None else None)
        except UnicodeDecodeError:
            texts.append(None)
            doubt[row] = True
    return pa.array(texts, pa.string()), doubt


def _is_text(kind: pa.DataType) -> bool:
    tests: tuple[Callable[[pa.DataType], bool], ...] = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
    )
    return any(test(kind) for test in tests)


def _holds_nul(text: pa.StringArray) -> bool:
    data = text.buffers()[2]
    if data is None or len(text) == 0:
        return False
    offsets = np.frombuffer(text.buffers()[1], np.int32)
    used = np.frombuffer(data, np.uint8)[offsets[text.offset] : offsets[text.offset + len(text)]]
    return bool(len(used)) and int(used.min()) == 0


def _present(sent: pa.Array) -> Flags | None:
    return sent.is_valid().to_numpy(zero_copy_only=False) if sent.null_count < len(sent) else None


def _either(doubt: Flags | None, more: pa.Array) -> Flags:
    flags: Flags = more.to_numpy(zero_copy_only=False)
    return flags if doubt is None else doubt | flags


def _numbers(sent: pa.Array, known: Mapping[str, int], *, default: int | None) -> CheckedColumn:
    coded, doubt = _coded(sent)
    numbers = pa.array([known.get(value) for value in coded.dictionary.to_pylist()], pa.uint8())
    found = numbers.take(coded.indices)
    unknown = pc.and_(coded.indices.is_valid(), found.is_null())
    if pc.any(unknown).as_py():
        doubt = _either(doubt, unknown)
    return (found if default is None else found.fill_null(default)), doubt


def _previews(sent: pa.Array) -> CheckedColumn:
    if pa.types.is_boolean(sent.type):
        return sent, None
    coded, doubt = _coded(sent)
    flags = pa.array([PREVIEW_BY_NAME.get(value.lower()) for value in coded.dictionary.to_pylist()], pa.bool_())
    found = flags.take(coded.indices)
    unknown = pc.and_(coded.indices.is_valid(), found.is_null())
    return found, _either(doubt, unknown)


def _attributes(sent: pa.Array) -> CheckedColumn:
    if pa.types.is_null(sent.type) or sent.null_count == len(sent):
        return pa.nulls(len(sent), pa.string()), None
    texts: list[str | None] = []
    doubt = np.zeros(len(sent), np.bool_)
    present = np.flatnonzero(sent.is_valid().to_numpy(zero_copy_only=False))
    for row, value in zip(present.tolist(), sent.take(pa.array(present)).to_pylist(), strict=True):
        try:
            texts.append(attributes_text(value) if value else None)
        except Refused:
            texts.append(None)
            doubt[row] = True
    places = np.full(len(sent), -1, np.int64)
    places[present] = np.arange(len(present))
    return pa.array(texts, pa.string()).take(pa.array(places, mask=places < 0)), doubt


def _instants(sent: pa.Array, clock: Clock) -> CheckedColumn:
    if pa.types.is_dictionary(sent.type):
        sent = _decoded(sent)
    if pa.types.is_timestamp(sent.type) and sent.type.tz is not None:
        return _instants_from_stamps(sent)
    if pa.types.is_integer(sent.type) and clock.format in EPOCH_US:
        return _instants_from_numbers(sent, us_each=EPOCH_US[clock.format])
    text, _ = _as_string(sent)
    if clock.format == "iso" and clock.zone is None:
        instants, read = us_from_texts(text)
        read &= (instants >= INSTANT_FIRST_US) & (instants < INSTANT_END_US)
        return pa.array(instants), None if read.all() else ~read
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


def _instants_from_stamps(sent: pa.TimestampArray) -> CheckedColumn:
    numbers = sent.cast(pa.int64())
    if sent.type.unit == "ns":
        return _in_range(numbers, np.floor_divide(numbers.fill_null(0).to_numpy(zero_copy_only=False), 1_000))
    return _instants_from_numbers(numbers, us_each={"s": 1_000_000, "ms": 1_000, "us": 1}[sent.type.unit])


def _instants_from_numbers(sent: pa.Array, *, us_each: int) -> CheckedColumn:
    if pa.types.is_uint64(sent.type):
        sent = pc.if_else(pc.less(sent, 2**63), sent, pa.scalar(None, pa.uint64()))
    numbers = sent.cast(pa.int64()).fill_null(INSTANT_END_US).to_numpy(zero_copy_only=False)
    # Clipped before the product, which could overflow; clipped values stay out of range.
    limits = INSTANT_FIRST_US // us_each - 1, INSTANT_END_US // us_each + 1
    return _in_range(sent, np.clip(numbers, *limits) * us_each)


def _in_range(sent: pa.Array, instants: npt.NDArray[np.int64]) -> CheckedColumn:
    read = (instants >= INSTANT_FIRST_US) & (instants < INSTANT_END_US)
    read &= sent.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(np.where(read, instants, 0)), None if read.all() else ~read
