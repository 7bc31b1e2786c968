"""Format of a file by its first bytes."""

import codecs
import json
import re
from typing import Literal

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.stream import ByteStream
from botmeter.sources.text_encoding import PARQUET_MAGIC, ZIP_MAGIC

Format = Literal["csv", "xlsx", "ndjson", "json", "parquet"]
FORMATS = ("csv", "xlsx", "ndjson", "json", "parquet", "cloudevents")

PEEK_BYTES = 64 << 10
# Of workbooks before 2007, and of newer ones with a password.
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
# In place of an export: a report to print, a table for Excel, or the page that asks to sign in.
_DOCUMENTS = {
    b"%pdf-": "a PDF document",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
    b"{\\rtf": "a document of a word processor",
}
_MARK_LENGTH = max(map(len, _DOCUMENTS))
BOM = codecs.BOM_UTF8
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SAMPLE_LINES = 20
_DECODER = json.JSONDecoder()
# A literal or an escape that the end of the sample cuts off is a fault at its beginning.
_LITERAL_LENGTH_MAX = 8


def format_of(stream: ByteStream, *, expected: str | None) -> Format:
    """Format of a stream, consuming only a byte order mark.

    Args:
        expected: None: detect; `cloudevents`: detect the form around the records.

    Raises:
        Refused: `format_unknown`, `text_invalid`, `file_empty`.
    """
    if expected is not None and expected not in FORMATS:
        raise Refused("format_unknown", f"{expected!r} is not a format; it must be one of {', '.join(FORMATS)}.")
    start = stream.peek(PEEK_BYTES)
    binary = _binary_format(start, expected=expected, name=stream.name)
    if binary is not None:
        return binary
    if start.startswith(BOM):
        stream.read(len(BOM))
        start = start[len(BOM) :]
    if not start.strip():
        raise Refused("file_empty", f"{stream.name} is empty: it contains only white space.")
    match expected:
        case "csv" | "ndjson" | "json":
            return expected
    if expected is None:
        _check_no_document(start, name=stream.name)
    detected = _text_format(start)
    if expected is not None:
        return detected if detected == "json" else "ndjson"
    if detected is None and _CONTROLS.search(start) is None:
        reason = f"{stream.name} is not UTF-8. Name its encoding, such as --encoding windows-1252."
        raise Refused("text_invalid", reason)
    if detected is None:
        raise Refused("format_unknown", f"{stream.name} is not CSV, XLSX, NDJSON, JSON or Parquet.")
    return detected


def _binary_format(start: bytes, *, expected: str | None, name: str) -> Format | None:
    if start.startswith(PARQUET_MAGIC) or expected == "parquet":
        return "parquet"
    if start.startswith(ZIP_MAGIC):
        return "xlsx"
    if start.startswith(_OLE_MAGIC):
        reason = f"{name} is a workbook of an old format (.xls), or has a password. Save it as .xlsx without one."
        raise Refused("format_unknown", reason)
    if expected == "xlsx":
        raise Refused("format_unknown", f"{name} is not an Excel workbook (.xlsx).")
    return None


def _check_no_document(start: bytes, *, name: str) -> None:
    head = start.lstrip()[:_MARK_LENGTH].lower()
    for mark, what in _DOCUMENTS.items():
        if head.startswith(mark):
            raise Refused(
                "format_unknown", f"{name} is {what}. Export the data as CSV, XLSX, NDJSON, JSON or Parquet instead."
            )


def _text_format(start: bytes) -> Format | None:
    text = start.lstrip()
    if text.startswith(b"["):
        return "json"
    lines = [line.strip() for line in text.split(b"\n")[:_SAMPLE_LINES]]
    filled = [line for line in lines if line]
    if text.startswith(b"{"):
        return "ndjson" if _is_one_a_line(text, filled, is_cut=len(start) >= PEEK_BYTES - len(BOM)) else "json"
    if any(name.encode() in filled[0] for name in FIELDS):
        return "csv"
    if any(line.startswith(b"{") for line in filled):
        return "ndjson"
    return "csv" if _is_text(filled[0]) and not _CONTROLS.search(start) else None


def _is_one_a_line(text: bytes, lines: list[bytes], *, is_cut: bool) -> bool:
    if len(lines) == 1 or _is_object(lines[0]):
        return True
    try:
        _DECODER.raw_decode(text.decode("utf-8", "replace"))
    except json.JSONDecodeError as fault:
        is_open = fault.msg.startswith("Unterminated") or len(fault.doc) - fault.pos <= _LITERAL_LENGTH_MAX
    except RecursionError:
        is_open = True
    else:
        return False
    # An object that the sample cuts off is read as one; a broken one is a line if others are.
    return not (is_open and is_cut) and (lines[0].endswith(b"}") or any(_is_object(line) for line in lines[1:]))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as fault:
        # A character cut off at the end of the sample is no fault of the file.
        return fault.end >= len(line) and fault.start > len(line) - 4
    return True
