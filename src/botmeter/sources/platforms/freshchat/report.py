"""Freshchat's raw reports: CSV or XLSX files or ZIPs, one row a message, with unpublished headers."""

import zipfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.mapping.mapped import row_bytes
from botmeter.sources.payloads.event_fields import Fields
from botmeter.sources.payloads.payload import EventRecord
from botmeter.sources.payloads.payload_batches import batch_from_event_records
from botmeter.sources.platforms.freshchat.webhooks import message_fields
from botmeter.sources.stream import ByteStream, spooled
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.id_columns import IdColumns
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.tables.table import Table
from botmeter.sources.tables.text_rows import text_rows
from botmeter.sources.tables.workbook_file import is_workbook
from botmeter.sources.text_encoding import ZIP_MAGIC, utf8_stream
from botmeter.sources.times.clock import Clock

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
_IDS = ("message", "conversation", "customer", "sender", "ticket")
# Required columns, as messages name them.
_LABELS = {"message": "message's id", "time": "time", "conversation": "conversation's id", "sent_as": "kind of sender"}
# Kind of sender, in small letters and digits → the webhooks' word.
_SENDERS = {"customer": "user", "contact": "user", "enduser": "user", "visitor": "user", "chatbot": "bot"}
_SENDERS |= {name: name for name in ("user", "agent", "bot", "system")}


def batches_from_report(stream: ByteStream, source: Source, *, options: TableOptions) -> Iterator[EventBatch]:
    """Yield the events of a raw report.

    Raises:
        Refused: `column_missing`, `file_damaged`, `format_unknown`.
    """
    if stream.peek(len(ZIP_MAGIC)) == ZIP_MAGIC:
        yield from _from_zip(stream, source, options=options)
    else:
        yield from _from_table(stream, source, options=options, first=0)


def _from_zip(stream: ByteStream, source: Source, *, options: TableOptions) -> Iterator[EventBatch]:
    # A ZIP's list of members is at its end, so all of it is needed; members are decompressed while read.
    first = 0
    with ExitStack() as stack:
        content = spooled(stream, stack)
        if is_workbook(content):
            workbook = ByteStream(content, name=stream.name, stays_open=True)
            yield from _from_table(workbook, source, options=options, first=0)
            return
        try:
            archive = stack.enter_context(zipfile.ZipFile(content))
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
            if not members:
                raise Refused("format_unknown", f"{stream.name} is a ZIP without a CSV file in it.")
            for member in members:
                with archive.open(member) as opened:
                    part = ByteStream(opened, name=f"{member.filename} in {stream.name}")
                    text = utf8_stream(part, encoding=options.encoding)
                    first = yield from _from_table(text, source, options=options, first=first)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as fault:
            raise Refused("file_damaged", f"{stream.name} can't be unpacked: {fault}.") from None


def _from_table(
    stream: ByteStream, source: Source, *, options: TableOptions, first: int
) -> Generator[EventBatch, None, int]:
    table = open_table(stream, options=options)
    columns = _columns(table)
    ids = IdColumns([columns[meaning] for meaning in _IDS if meaning in columns])
    row_count = 0
    for rows in text_rows(table, ids, required=[columns[meaning] for meaning in _LABELS]):
        row_count += rows.count
        records, positions = [], []
        for position, cells in rows.rows:
            fields = _fields({meaning: cells[label].strip() or None for meaning, label in columns.items()}, source)
            if fields is not None:
                records.append(EventRecord(fields=fields, raw=row_bytes(cells)))
                positions.append(first + position)
        yield batch_from_event_records(
            records,
            positions=positions,
            rejections=[replace(rejection, index=first + rejection.index) for rejection in rows.rejections],
            clock=_CLOCK,
            bytes_read=stream.stored_bytes,
        )
    if notes := (*table.notes, *ids.notes(table.name)):
        yield replace(batch_from_event_records([], positions=[], bytes_read=stream.stored_bytes), notes=notes)
    return first + row_count


def _columns(table: Table) -> dict[str, str]:
    """Meaning → label."""
    known = {
        _plain(column): label for column, label in zip(reversed(table.columns), reversed(table.labels), strict=True)
    }
    columns = {
        meaning: known[spelling]
        for meaning, spellings in COLUMNS.items()
        if (spelling := next((each for each in spellings if each in known), None)) is not None
    }
    table.check_single(
        [name for name, label in zip(table.columns, table.labels, strict=True) if label in columns.values()]
    )
    missing = [meaning for meaning in _LABELS if meaning not in columns]
    if missing:
        accepted = "; ".join(f"for the {_LABELS[meaning]}: {', '.join(COLUMNS[meaning])}" for meaning in missing)
        present = ", ".join([column[:64] for column in table.columns if column][:_LISTED_NAMES_MAX])
        reason = f"{table.name} has no column that Botmeter knows ({accepted}); its columns are {present}."
        raise Refused("column_missing", reason + table.header_hint([]))
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
