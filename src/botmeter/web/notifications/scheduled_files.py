"""Files of scheduled messages: bounded, and written one at a time."""

import threading
from collections.abc import Iterable
from contextlib import closing
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final, cast

from django.conf import settings

from botmeter.billing.account_statements import statement_named
from botmeter.billing.stated import read_document
from botmeter.billing.statement_files import lines_csv
from botmeter.billing.statement_pdf import statement_pdf
from botmeter.domain.text import count_text, counted
from botmeter.ledger.billing.closed_statements import statement_sessions
from botmeter.pdf.document import PdfDocument
from botmeter.pdf.printing import FontSource, printed
from botmeter.people.notifications.delivery import Attachment
from botmeter.people.notifications.schedules import FileFormat
from botmeter.people.notifications.topics import Channel
from botmeter.reports.export import Export, Format, export_name, export_stream
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import Grain
from botmeter.web.exports import MEDIA_TYPES

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

MIB: Final = 1 << 20
FILE_BYTES_MAX: Final = {Channel.EMAIL: 7 * MIB, Channel.FOLDER: 64 * MIB}
"""Mail servers take 10 MB by default, of which the text form of a file needs a third more than the file."""
WITH_FILES: Final = tuple(FILE_BYTES_MAX)
"""Channels that take files."""
ROW_BYTES_LEAST: Final = 80
"""Of a session in any format (the demo's have 190 as CSV and 126 as XLSX, in 65 µs each): files that can't fit are not
begun."""

_writing: Final = threading.Lock()


class FileTooLarge(Exception):
    """File beyond its limit; the message says so."""


def report_file(
    ledger: "ReadableLedger", query: UsageQuery, *, file_format: FileFormat, channel: Channel, session_count: int
) -> Attachment:
    """Sessions of a report as a file; raises FileTooLarge."""
    limit_bytes = FILE_BYTES_MAX[channel]
    sessions_max = limit_bytes // ROW_BYTES_LEAST
    if session_count > sessions_max:
        raise FileTooLarge(
            f"The file is not attached: it would have {counted(session_count, 'session')}, and the limit is "
            f"{count_text(sessions_max)}."
        )
    form = cast("Format", file_format.value)
    with _writing, closing(export_stream(ledger, query, export=Export(format=form, grain=Grain.SESSION))) as chunks:
        content = _bounded(chunks, limit_bytes)
    return Attachment(name=export_name(query, form), content=content, media_type=MEDIA_TYPES[form])


def report_pdf(document: PdfDocument, query: UsageQuery) -> Attachment:
    """Report as PDF; raises Refused `pdf_not_installed`."""
    with _writing:
        content = printed(document, fonts=FontSource(folder=settings.FONTS_DIR))
    name = export_name(query, "csv").removesuffix(".csv")
    return Attachment(name=f"{name}.pdf", content=content, media_type="application/pdf")


def statement_file(ledger: "ReadableLedger", number: str, *, file_format: FileFormat) -> Attachment:
    """Closed statement as a file; raises Refused `pdf_not_installed`."""
    closed = statement_named(ledger, number)
    if file_format is FileFormat.CSV:
        return Attachment(
            name=f"{number}.csv", content=lines_csv(read_document(closed)), media_type="text/csv; charset=utf-8"
        )
    fonts = FontSource(folder=settings.FONTS_DIR)
    with _writing:
        content = statement_pdf(closed.document, statement_sessions(ledger, closed.statement_no), fonts=fonts)
    return Attachment(name=f"{number}.pdf", content=content, media_type="application/pdf")


def _bounded(chunks: Iterable[bytes], limit_bytes: int) -> bytes:
    """Join chunks on disk, so that only a file within its limit is in memory."""
    size_bytes = 0
    with TemporaryFile(prefix="botmeter-") as file:
        for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise FileTooLarge(f"The file is not attached: it has more than {limit_bytes // MIB} MB, the limit.")
            file.write(chunk)
        file.seek(0)
        return file.read()
