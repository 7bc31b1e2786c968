"""Freshchat's raw reports: CSV files or ZIPs, one row a message, with unpublished headers."""

import io
import zipfile
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.bot_fields import Fields, default_bot, identity_bot, platform_bot
from botmeter.sources.clock import Clock
from botmeter.sources.payload_batches import Row, batch_from_rows
from botmeter.sources.stream import ByteStream
from botmeter.sources.tables import open_table

ROWS_MAX = 50_000
_ZIP_MAGIC = b"PK\x03\x04"
_NAMES_SHOWN_MAX = 30
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
_NEEDED = ("message", "time", "conversation", "sent_as")
_ACTORS = {
    "user": "customer", "customer": "customer", "contact": "customer", "enduser": "customer", "visitor": "customer",
    "agent": "agent", "bot": "bot", "chatbot": "bot", "system": "system",
}  # fmt: skip


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
    packed = io.BytesIO(stream.read())
    first = 0
    try:
        with zipfile.ZipFile(packed) as archive:
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
    table = open_table(stream, errors="surrogateescape")
    places = _places(table.columns, name=stream.name)
    while chunk := list(islice(table.rows, ROWS_MAX)):
        rows = (_row(cells, names=table.columns, places=places, source=source) for cells in chunk)
        yield batch_from_rows(rows, clock=_CLOCK, first=first, bytes_read=stream.stored_bytes)
        first += len(chunk)
    return first


def _places(names: Sequence[str], *, name: str) -> dict[str, int]:
    plain = ["".join(letter for letter in column.lower() if letter.isalnum()) for column in names]
    found = {
        held: plain.index(known)
        for held, spellings in COLUMNS.items()
        if (known := next((each for each in spellings if each in plain), None)) is not None
    }
    missing = [held for held in _NEEDED if held not in found]
    if missing:
        wanted = "; ".join(f"for the {_TOLD[held]}: {', '.join(COLUMNS[held])}" for held in missing)
        there = ", ".join(column[:64] for column in names[:_NAMES_SHOWN_MAX])
        raise Refused(
            "column_missing", f"{name} has no column that Botmeter knows ({wanted}); its columns are {there}."
        )
    return found


_TOLD = {"message": "message's id", "time": "time", "conversation": "conversation's id", "sent_as": "kind of sender"}


def _row(cells: list[str], *, names: Sequence[str], places: dict[str, int], source: Source) -> Row:
    raw = dict(zip(names, cells, strict=False))
    if len(cells) != len(names):
        error = f"The row has {len(cells)} cells, but the header names {len(names)} columns."
        return Row(fields={}, raw=raw, error=error)
    cell = {held: cells[place].strip() or None for held, place in places.items()}
    if (cell.get("form") or "").lower() == "private":
        return Row(fields=None, raw=raw)
    conversation, customer = cell["conversation"], cell.get("customer")
    return Row(
        raw=raw,
        fields={
            "event_id": cell["message"],
            "occurred_at": cell["time"],
            "conversation_id": conversation,
            "customer_id": customer or conversation,
            "kind": "message",
            "channel": (cell.get("channel") or source.channel or "").lower() or None,
            "ticket_id": cell.get("ticket"),
            "ticket_type": cell.get("ticket_type"),
            "attributes": None if customer else {"customer_source": "conversation"},
            **_actor(cell, source),
        },
    )


def _actor(cell: dict[str, str | None], source: Source) -> Fields:
    sent_as = cell["sent_as"] or ""
    actor = _ACTORS.get("".join(letter for letter in sent_as.lower() if letter.isalnum()), sent_as)
    sender, name = cell.get("sender"), cell.get("sender_name")
    if actor == "customer":
        return {"actor": actor, **default_bot(source)}
    identity = source.identity(sender, name)
    if identity is not None:
        return {"actor": "bot", **identity_bot(source, identity, name=name)}
    if actor == "bot" and (sender or name):
        return {"actor": actor, **platform_bot(source, sender or name or "", name=name)}
    return {"actor": actor, **(default_bot(source) if actor == "bot" else {})}
