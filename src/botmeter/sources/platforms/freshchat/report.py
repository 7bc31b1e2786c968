"""Freshchat's raw reports: CSV files or ZIPs, one row a message, with unpublished headers."""

import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.clock import Clock
from botmeter.sources.csv import open_csv
from botmeter.sources.event_fields import Fields
from botmeter.sources.mapped import cell_value, row_bytes
from botmeter.sources.payload import EventRecord
from botmeter.sources.payload_batches import batch_from_event_records
from botmeter.sources.platforms.freshchat.webhooks import message_fields
from botmeter.sources.stream import ByteStream, spooled

_ZIP_MAGIC = b"PK\x03\x04"
_LISTED_NAMES_MAX = 30
# Reports are in UTC, with or without an offset.
_CLOCK = Clock(zone=ZoneInfo("UTC"))

# Meaning of a column → its names in small letters and digits; the first one present is read.
COLUMNS = {
    "message": ("messageid", "msgid", "messageuuid", "id"),
    "time": (
        "messagecreatedtime",
        "messagecreatedat",
        "createdtime",
        "createdat",
        "messagetime",
        "senttime",
        "sentat",
        "actiontime",
        "timestamp",
        "datetime",
        "time",
    ),
    "conversation": ("conversationid", "freshchatconversationid", "conversationuuid", "convid"),
    "customer": ("userid", "customerid", "contactid", "enduserid", "useruuid"),
    "sent_as": ("actortype", "sendertype", "messagesendertype", "senderrole", "sentby", "actor"),
    "sender": ("actorid", "senderid", "messagesenderid", "agentid"),
    "sender_name": ("actorname", "sendername", "agentname", "botname"),
    "channel": ("channelname", "channel", "messagesource", "source", "channelid"),
    "form": ("messagetype",),
    "ticket": ("ticketid",),
    "ticket_type": ("tickettype",),
}
# Required columns, as messages name them.
_LABELS = {"message": "message's id", "time": "time", "conversation": "conversation's id", "sent_as": "kind of sender"}
# Kind of sender, in small letters and digits → the webhooks' word.
_SENDERS = {"customer": "user", "contact": "user", "enduser": "user", "visitor": "user", "chatbot": "bot"}
_SENDERS |= {name: name for name in ("user", "agent", "bot", "system")}


def batches_from_report(stream: ByteStream, source: Source) -> Iterator[EventBatch]:
    """Yield the events of a raw report.

    Raises:
        Refused: `column_missing`, `file_damaged`, `format_unknown`.
    """
    if stream.peek(8).startswith(_ZIP_MAGIC):
        yield from _from_zip(stream, source)
    else:
        yield from _from_csv(stream, source, first=0)


def _from_zip(stream: ByteStream, source: Source) -> Iterator[EventBatch]:
    # A ZIP's list of members is at its end, so all of it is needed; members are decompressed while read.
    first = 0
    try:
        with ExitStack() as stack, zipfile.ZipFile(spooled(stream, stack)) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
            if not members:
                raise Refused("format_unknown", f"{stream.name} is a ZIP without a CSV file in it.")
            for member in members:
                with archive.open(member) as content:
                    part = ByteStream(content, name=f"{member.filename} in {stream.name}")
                    first = yield from _from_csv(part, source, first=first)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as fault:
        raise Refused("file_damaged", f"{stream.name} can't be unpacked: {fault}.") from None


def _from_csv(stream: ByteStream, source: Source, *, first: int) -> Generator[EventBatch, None, int]:
    """Yield batches with positions from `first`, and return the position after the last row."""
    table = open_csv(stream)
    columns = _columns(table.columns, name=stream.name)
    row_count = 0
    for block in table.blocks:
        row_count += len(block.positions) + len(block.uneven)
        records, positions = [], []
        for position, row in zip(block.positions.tolist(), block.rows.to_pylist(), strict=True):
            cells = {name: cell_value(cell) for name, cell in row.items()}
            fields = _fields({meaning: str(cells[name]).strip() or None for meaning, name in columns.items()}, source)
            if fields is not None:
                records.append(EventRecord(fields=fields, raw=row_bytes(cells)))
                positions.append(first + position)
        yield batch_from_event_records(
            records,
            positions=positions,
            rejections=[replace(rejection, index=first + rejection.index) for rejection in block.uneven],
            clock=_CLOCK,
            bytes_read=stream.stored_bytes,
        )
    return first + row_count


def _columns(names: Sequence[str], *, name: str) -> dict[str, str]:
    """Meaning → column."""
    known = {_plain(column): column for column in reversed(names)}
    columns = {
        meaning: known[spelling]
        for meaning, spellings in COLUMNS.items()
        if (spelling := next((each for each in spellings if each in known), None)) is not None
    }
    missing = [meaning for meaning in _LABELS if meaning not in columns]
    if missing:
        accepted = "; ".join(f"for the {_LABELS[meaning]}: {', '.join(COLUMNS[meaning])}" for meaning in missing)
        present = ", ".join(column[:64] for column in names[:_LISTED_NAMES_MAX])
        raise Refused(
            "column_missing", f"{name} has no column that Botmeter knows ({accepted}); its columns are {present}."
        )
    return columns


def _fields(cells: dict[str, str | None], source: Source) -> Fields | None:
    sent_as = _SENDERS.get(_plain(cells["sent_as"] or ""), cells["sent_as"])
    message = {
        "id": cells["message"],
        "conversation_id": cells["conversation"],
        "user_id": cells.get("customer"),
        "created_time": cells["time"],
        "message_type": (cells.get("form") or "").lower(),
        "message_source": cells.get("channel"),
        "actor_type": sent_as,
        # A customer without a user id is unknown in a report.
        "actor_id": None if sent_as == "user" else cells.get("sender"),
    }
    fields = message_fields(message, source, sender_name=cells.get("sender_name"))
    if fields is None:
        return None
    channel = str(fields["channel"] or "").lower() or None
    return {**fields, "channel": channel, "ticket_id": cells.get("ticket"), "ticket_type": cells.get("ticket_type")}


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
