"""Exports, streamed from an open ledger."""

from collections.abc import Generator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final, Self

from django.http import HttpRequest, StreamingHttpResponse

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.billing.session_charges import charges_between, charges_for
from botmeter.live.export_progress import ExportProgress
from botmeter.reports.export import Export, Format, export_name, export_stream
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import Grain
from botmeter.web.exchange import call_after_sending
from botmeter.web.ledgers import reading
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class LedgerExport:
    """Body of an export, whose `with` closes it only on an error; Django closes what it sends.

    Not a generator, since closing one that has not started wouldn't close the ledger.

    Raises:
        Unavailable: `exports_busy`.
    """

    _chunks: Generator[bytes, None, None]

    def __init__(self, request: HttpRequest, account: str) -> None:
        exports = server_state(request).exports
        with ExitStack() as resources:
            call_after_sending(request, exports.begin_sending(account), otherwise=resources)
            resources.callback(exports.begin_writing())
            self.ledger: ReadableLedger = resources.enter_context(reading(request, account))
            self._resources = resources.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.close()

    def response(
        self, query: UsageQuery, file: Export, *, progress: ExportProgress | None = None
    ) -> StreamingHttpResponse:
        charges = charges_for(self.ledger, query, charge=file.charge, cache=SERVER_BILLS)
        if charges is None and file.grain is Grain.SESSION:
            charges = charges_between(
                self.ledger, query.period.start_us, end_us=query.period.end_us, cache=SERVER_BILLS
            )
        if progress is None:
            chunks = export_stream(self.ledger, query, export=file, charges=charges)
        else:
            stream = export_stream(
                self.ledger,
                query,
                export=file,
                charges=charges,
                on_rows=lambda written: progress.note_rows(written.rows),
            )
            chunks = progress.follow(stream)
        return self.streamed(
            chunks, name=export_name(query, file.format, subject=file.subject), media_type=MEDIA_TYPES[file.format]
        )

    def streamed(self, chunks: Generator[bytes, None, None], *, name: str, media_type: str) -> StreamingHttpResponse:
        self._chunks = self._resources.enter_context(closing(chunks))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(self, content_type=media_type, headers=headers)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._resources.close()
