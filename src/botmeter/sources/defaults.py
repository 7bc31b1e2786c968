"""Source defaults for events in Botmeter's own format."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.source import Source
from botmeter.sources.records import Records

# Other actors without a bot really have none.
_WITH_BOT = ("customer", "bot")


def records_with_defaults(records: Records, source: Source) -> Records:
    """Fill in the bot for events of customers and bots, the version for events with a bot, and the channel."""
    if source.bot_id is None and source.bot_version is None and source.channel is None:
        return records
    return replace(
        records,
        columns={**records.columns, **_columns(records, source)},
        record=lambda row: _record(records.record(row), source),
    )


def _columns(records: Records, source: Source) -> dict[str, pa.Array]:
    count = len(records.positions)
    bots = _texts(records, "bot_id")
    filled: dict[str, pa.Array] = {}
    if source.bot_id is not None:
        is_with_bot = pc.is_in(_texts(records, "actor"), pa.array(_WITH_BOT))
        takes_default = pc.and_(_is_absent(bots), is_with_bot)
        filled["bot_name"] = pc.if_else(
            takes_default, pa.scalar(source.bot_name, pa.string()), _texts(records, "bot_name")
        )
        bots = filled["bot_id"] = pc.if_else(takes_default, source.bot_id, bots)
    if source.bot_version is not None:
        versions = _texts(records, "bot_version")
        is_left_out = pc.and_(_is_absent(versions), pc.invert(_is_absent(bots)))
        filled["bot_version"] = pc.if_else(is_left_out, source.bot_version, versions)
    if source.channel is not None:
        channels = _texts(records, "channel")
        filled["channel"] = pc.if_else(_is_absent(channels), source.channel, channels)
    return {name: column if len(column) == count else pa.nulls(count) for name, column in filled.items()}


def _texts(records: Records, name: str) -> pa.Array:
    found = records.columns.get(name)
    if found is None:
        return pa.nulls(len(records.positions), pa.string())
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found.cast(pa.string())


def _is_absent(texts: pa.Array) -> pa.Array:
    return pc.or_(pc.is_null(texts), pc.fill_null(pc.equal(texts, ""), True))


def _record(record: Mapping[str, object], source: Source) -> Mapping[str, object]:
    filled = dict(record)
    if not filled.get("bot_id") and source.bot_id is not None and filled.get("actor") in _WITH_BOT:
        filled |= {"bot_id": source.bot_id, "bot_name": source.bot_name}
    if not filled.get("bot_version") and filled.get("bot_id"):
        filled["bot_version"] = source.bot_version
    if not filled.get("channel"):
        filled["channel"] = source.channel
    return filled
