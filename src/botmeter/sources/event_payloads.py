"""Payloads of events in Botmeter's own format or as CloudEvents."""

from io import BytesIO
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.connector import SamplePayload
from botmeter.sources.elements import Objects, elements, lines
from botmeter.sources.json_records import record_from_object
from botmeter.sources.payload import EventRecord, PayloadContent
from botmeter.sources.payload_json import not_understood
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream

EMPTY_BATCH: Final = SamplePayload(content=[], media_type="application/cloudevents-batch+json")
"""The only form that may hold no events."""


def objects_of_payload(payload: bytes) -> Objects:
    """Split an object, an array, or one object a line.

    Raises:
        Refused: `payload_not_understood`.
    """
    text = payload.strip()
    if text[:1] == b"{" and b"\n" not in text:
        return Objects.from_texts([text])
    try:
        stream = ByteStream(BytesIO(text), name="The payload", size_bytes=len(text))
        form = format_of(stream, asked=None)
        if form == "json" and text.lstrip(b"\xef\xbb\xbf")[:1] == b"[":
            return Objects.joining(list(elements(stream)))
        if form == "json":
            return Objects.from_texts([text])
        if form == "ndjson":
            return Objects.joining(list(lines(stream)))
    except Refused as error:
        raise not_understood(error.message) from None
    raise not_understood("The payload is not a JSON object, an array of objects, or one object a line.")


def read_payload(payload: bytes, source: Source, *, received_us: int) -> PayloadContent:  # noqa: ARG001 - the protocol's
    """Read events one by one; batches read whole columns."""
    records = []
    for text in objects_of_payload(payload).texts:
        try:
            records.append(EventRecord(fields=record_from_object(text), raw=text))
        except Refused as error:
            raise not_understood(error.message) from None
    return PayloadContent(records=tuple(records))
