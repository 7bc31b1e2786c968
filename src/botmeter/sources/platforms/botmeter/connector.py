"""Payloads of events in our own words: one event, an array of them, or one a line; CloudEvents among them."""

from io import BytesIO

from botmeter.domain.errors import Refused
from botmeter.domain.source import Platform, Source
from botmeter.sources.connector import Connector, Findings, FoundRecord
from botmeter.sources.elements import Objects, elements, lines
from botmeter.sources.json_records import record_from_object
from botmeter.sources.json_values import not_understood
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream


def objects_in(payload: bytes) -> Objects:
    """The JSON objects in a payload, one for each event; what is in each is not looked at.

    Raises:
        Refused: `payload_not_understood` if it is neither an object, nor an array, nor an object a line.
    """
    text = payload.strip()
    if text[:1] == b"{" and b"\n" not in text:
        return Objects.from_texts([text])
    try:
        stream = ByteStream(BytesIO(text), name="The payload", size_bytes=len(text))
        form = format_of(stream, asked=None)
        if form == "json" and text.lstrip(b"\xef\xbb\xbf")[:1] == b"[":
            return _joined(list(elements(stream)))
        if form == "json":
            return Objects.from_texts([text])
        if form == "ndjson":
            return _joined(list(lines(stream)))
    except Refused as fault:
        raise not_understood(fault.message) from None
    raise not_understood("The payload is neither a JSON object, nor an array of them, nor one a line.")


def findings(payload: bytes, source: Source, *, received_us: int) -> Findings:  # noqa: ARG001 - the protocol's
    """The events in a payload, one by one; `connected` reads them by whole columns instead."""
    records = []
    for text in objects_in(payload).texts:
        try:
            records.append(FoundRecord(fields=record_from_object(text), raw=text))
        except Refused as fault:
            raise not_understood(fault.message) from None
    return Findings(records=tuple(records))


def _joined(blocks: list[Objects]) -> Objects:
    if len(blocks) == 1:
        return blocks[0]
    return Objects.from_texts([text for block in blocks for text in block.texts])


CONNECTOR = Connector(platform=Platform.BOTMETER, findings=findings)
