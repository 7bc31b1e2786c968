"""Conversations and their timeline → events table."""

import numpy as np
import pyarrow as pa

from botmeter.demo.columns import Flags, Numbers
from botmeter.demo.conversations import RELEASES, Conversations
from botmeter.demo.identity import ids, numbered_ids
from botmeter.demo.retailer import BOTS, CHANNELS
from botmeter.demo.stories import SHAPES
from botmeter.demo.timeline import Timeline
from botmeter.metering.schema import EVENTS_SCHEMA
from botmeter.sources.attributes import attributes_text

_STEP_BITS = 5
_VERSIONS = sorted({release.version for _, release in RELEASES})
_VERSION_OF_RELEASE = np.array([_VERSIONS.index(release.version) for _, release in RELEASES])
_TICKET_TYPES = sorted({ticket_type for bot in BOTS for ticket_type in bot.ticket_types})
_TICKET_TYPE_OF_BOT = np.array([[_TICKET_TYPES.index(name) for name in bot.ticket_types] for bot in BOTS])


def events_table(conversations: Conversations, timeline: Timeline, *, campaign_names: list[str], seed: int) -> pa.Table:
    """One row per event, `EVENTS_SCHEMA`, conversation by conversation."""
    row, step = np.nonzero(timeline.happens)
    story = conversations.story[row]
    bot_side = SHAPES.bot[story, step].astype(np.int64)
    ticket_side = SHAPES.ticket[story, step].astype(np.int64) - 1
    bot = np.where(bot_side >= 0, conversations.bot[row, bot_side], -1)
    version = _VERSION_OF_RELEASE[conversations.version[row, bot_side]]
    columns = {
        "event_id": ids(conversations.key[row] << _STEP_BITS | step, prefix="evt_", salt=seed + 11),
        "occurred_at": pa.array(timeline.instants[row, step]),
        "conversation_id": ids(conversations.key, prefix="conv_", salt=seed + 12).take(pa.array(row)),
        "customer_id": ids(conversations.customer, prefix="cus_", salt=seed + 13).take(pa.array(row)),
        "actor": pa.array(SHAPES.actor[story, step]),
        "kind": pa.array(SHAPES.kind[story, step]),
        "bot_id": _repeated([bot.bot_id for bot in BOTS], indices=bot),
        "bot_name": _repeated([bot.name for bot in BOTS], indices=bot),
        "bot_version": _repeated(_VERSIONS, indices=np.where(bot >= 0, version, -1)),
        "channel": _repeated([channel.name for channel in CHANNELS], indices=conversations.channel[row]),
        "ticket_id": _ticket_ids(conversations.ticket[row, ticket_side], named=ticket_side >= 0),
        "ticket_type": _repeated(
            _TICKET_TYPES, indices=np.where(ticket_side >= 0, _ticket_types(conversations)[row, ticket_side], -1)
        ),
        "preview": pa.array(conversations.preview[row]),
        "attributes": _attributes(
            conversations.campaign[row], autoreply=SHAPES.autoreply[story, step], names=campaign_names
        ),
    }
    return pa.table(columns, schema=EVENTS_SCHEMA)


def _repeated(values: list[str], *, indices: Numbers) -> pa.DictionaryArray:
    codes = pa.array(indices.astype(np.int32), mask=indices < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(values, pa.string()))


def _ticket_types(conversations: Conversations) -> Numbers:
    return np.asarray(_TICKET_TYPE_OF_BOT[conversations.bot[:, :1], conversations.ticket_type])


def _ticket_ids(numbers: Numbers, *, named: Flags) -> pa.Array:
    indices = np.cumsum(named) - 1
    return numbered_ids(numbers[named], prefix="HD-").take(pa.array(indices, mask=~named))


def _attributes(campaign: Numbers, *, autoreply: Flags, names: list[str]) -> pa.Array:
    texts = []
    for name in names:
        texts.append(attributes_text({"campaign": name}))
        texts.append(attributes_text({"campaign": name, "auto_reply": True}))
    indices = campaign * 2 + autoreply
    return pa.array(texts, pa.string()).take(pa.array(indices, mask=campaign < 0))
