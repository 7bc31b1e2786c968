"""Files of a source → batches of events. Platforms are imported where a source has one, as in `reader`."""

from collections.abc import Iterator
from contextlib import closing

from botmeter.domain.errors import Refused
from botmeter.domain.event import REQUIRED_FIELDS
from botmeter.domain.source import Source
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.sources import source_of
from botmeter.metering.schema import EventBatch
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.sniff import PEEK_BYTES
from botmeter.sources.stream import STDIN, ByteStream, open_stream
from botmeter.sources.text_encoding import PARQUET_MAGIC, ZIP_MAGIC, utf8_stream


def source_named(ledger: ReadableLedger, name: str) -> Source | None:
    """Source, or one without settings for a platform's code."""
    from botmeter.sources.platforms.registry import platform_codes

    source = source_of(ledger, name)
    if source is None and name in platform_codes():
        return Source(name=name, platform=name)
    return source


def batches_of_source(file: SourceFile, source: Source | None) -> Iterator[EventBatch]:
    """Yield the events of a source's file; raises as `batches` and `batches_from_payload_file`.

    Files in Botmeter's own format, or with a mapping, are read as such on any platform.
    """
    if source is None or not is_of_platform(file, source):
        return batches(file, source=source)
    from botmeter.sources.payload_files import batches_from_payload_file
    from botmeter.sources.platforms.registry import connector_of

    return batches_from_payload_file(file, source, connector=connector_of(source.platform))


def is_of_platform(file: SourceFile, source: Source | None) -> bool:
    """Test for the format of the source's platform."""
    if source is None or file.mapping is not None:
        return False
    from botmeter.sources.platforms.registry import connector_of

    return not (connector_of(source.platform).is_native or _holds_events(file))


def _holds_events(file: SourceFile) -> bool:
    # Check for an event file; standard input can't be read twice and is the platform's.
    if file.path == STDIN or file.format is not None:
        return False
    with closing(open_stream(file.path, name=file.label)) as stream:
        start = utf8_stream(stream, encoding=file.table_options.encoding).peek(PEEK_BYTES)
        if start.startswith(ZIP_MAGIC):
            return _is_workbook_of_events(stream, file)
    return start.startswith(PARQUET_MAGIC) or all(name.encode() in start for name in REQUIRED_FIELDS)


def _is_workbook_of_events(stream: ByteStream, file: SourceFile) -> bool:
    from botmeter.sources.tables.open_table import open_table

    try:
        return set(REQUIRED_FIELDS) <= set(open_table(stream, options=file.table_options).columns)
    except Refused:
        # Whoever reads the file says why.
        return False
