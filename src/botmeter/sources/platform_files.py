"""Platform of a file, found by reading its start as each platform does."""

from contextlib import closing

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.platforms.registry import connectors
from botmeter.sources.preview import preview
from botmeter.sources.reader import SourceFile
from botmeter.sources.sniff import PEEK_BYTES
from botmeter.sources.source_files import is_of_platform
from botmeter.sources.stream import open_stream


def platform_of(file: SourceFile) -> str | None:
    """Code of the only platform that finds its payloads in the file; None: none, or several."""
    try:
        with closing(open_stream(file.path, name=file.label)) as stream:
            start = stream.peek(PEEK_BYTES)
    except Refused:
        return None
    likely = [each.platform for each in connectors() if not each.is_native and _may_hold(start, each)]
    codes = [platform for platform in likely if _is_read_by(platform, file)]
    return codes[0] if len(codes) == 1 else None


def _may_hold(start: bytes, connector: Connector) -> bool:
    """Look for the payloads' keys, since reading a block of JSON takes a second."""
    if not start.lstrip().startswith((b"{", b"[")):
        return True
    return any(all(key.encode() in start for key in keys) for keys in connector.own_keys)


def _is_read_by(platform: str, file: SourceFile) -> bool:
    source = Source(name=platform, platform=platform)
    try:
        shown = preview(file, source=source) if is_of_platform(file, source) else None
    except Refused:
        return False
    if shown is None:
        return False
    # Payloads that never count are named in notes.
    return any(row.event is not None for row in shown.rows) or (not shown.rows and bool(shown.notes))
