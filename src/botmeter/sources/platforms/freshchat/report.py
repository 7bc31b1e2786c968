"""Freshchat's raw reports: CSV files, alone or in a ZIP, with a row for each message.

Freshchat does not publish the headers, so a column is known by any of several names, written in any way. A report
whose columns don't tell an event is refused with the columns that it has.
"""

import csv
import io
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.bot_fields import Fields, default_bot, listed_bot, platform_bot
from botmeter.sources.clock import Clock
from botmeter.sources.connected import Row, batch_from_rows
from botmeter.sources.csv import DELIMITERS
from botmeter.sources.payload_files import batches_of_payloads
from botmeter.sources.stream import ByteStream, opened

if TYPE_CHECKING:
    from botmeter.sources.reader import SourceFile

ROWS_MAX = 50_000
_ZIP_MAGIC = b"PK\x03\x04"
_JSON_STARTS = (b"{", b"[")
_CELL_CHARACTERS_MAX = 16 << 20
_NAMES_SHOWN_MAX = 30
# Reports are in UTC, whether or not their times say so.
_CLOCK = Clock(zone=ZoneInfo("UTC"))

# What a column holds → its names, in small letters and digits alone; the first that is there is read.
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


def batches_from_file(file: "SourceFile", source: Source) -> Iterator[EventBatch]:
    """The events of a raw report (CSV, or CSV files in a ZIP), or of payloads as JSON.

    Raises:
        Refused: `column_missing` for a report whose columns don't tell an event; what `reader.batches` raises.
    """
    stream = opened(file.path, name=file.label, stdin=file.content)
    try:
        start = stream.peek(8)
        if start.startswith(_ZIP_MAGIC):
            yield from _from_zip(stream, source)
        elif start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in _JSON_STARTS:
            yield from batches_of_payloads(stream, source, asked=file.format)
        else:
            yield from _from_csv(stream, source, first=0)
        stream.checked_end()
    finally:
        stream.close()


def _from_zip(stream: ByteStream, source: Source) -> Iterator[EventBatch]:
    # A ZIP's list of members stands at its end, so all of it is needed; what is in it is unpacked as it is read.
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
    """The batches of one table; in the end, the position after its last row."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")  # type: ignore[type-var]
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    header = text.readline()
    delimiter = max(DELIMITERS, key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    places = _places(names, name=stream.name)
    rows = csv.reader(text, delimiter=delimiter)
    while True:
        chunk = list(islice(_checked(rows, name=stream.name), ROWS_MAX))
        if not chunk:
            return first
        read = (_row(cells, names=names, places=places, source=source) for cells in chunk)
        yield batch_from_rows(read, clock=_CLOCK, first=first, bytes_read=stream.stored_bytes)
        first += len(chunk)


def _checked(rows: Iterable[list[str]], *, name: str) -> Iterator[list[str]]:
    try:
        yield from (cells for cells in rows if cells)
    except csv.Error as fault:
        raise TooMuch("record_too_long", f"{name} has a cell that can't be read: {fault}.") from None


def _places(names: Sequence[str], *, name: str) -> dict[str, int]:
    """What each column holds → its place in a row."""
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
        fault = f"The row has {len(cells)} cells, but the header names {len(names)} columns."
        return Row(fields={}, raw=raw, fault=fault)
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
        return {"actor": "bot", **listed_bot(source, identity, name=name)}
    if actor == "bot" and (sender or name):
        return {"actor": actor, **platform_bot(source, sender or name or "", name=name)}
    return {"actor": actor, **(default_bot(source) if actor == "bot" else {})}
