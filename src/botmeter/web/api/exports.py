"""The underlying data as a file, streamed as it is written."""

from typing import cast

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase

from botmeter.people.audit import Action, record
from botmeter.people.keys import Scope
from botmeter.reports.export import Export, Format, export_name, export_stream
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS
from botmeter.web.api import parameters
from botmeter.web.api.authentication import allowed_account, key_of_request
from botmeter.web.api.questions import asked
from botmeter.web.ledgers import ExportReader
from botmeter.web.media_types import MEDIA_TYPES


def export(request: HttpRequest, account: str) -> HttpResponseBase:
    """The underlying data as a file.

    All rows behind the report's numbers, streamed while they are written; the same files as the pages give and
    `botmeter sessions -o`. Scope: `exports:read`.
    """
    name = allowed_account(request, account, scope=Scope.EXPORTS_READ)
    parameters.checked(request.GET, known=parameters.QUESTION + parameters.FILE)
    wanted = export_asked(request.GET)
    held = ExportReader(request, name)
    try:
        query = asked(held.ledger, request.GET)
        if request.method == "HEAD":
            held.close()
            return _with_headers(HttpResponse(), wanted, query=query)
        chunks = held.stream(export_stream(held.ledger, query, export=wanted))
        _note(request, name, file=export_name(query, wanted.format))
    except BaseException:
        held.close()
        raise
    return _with_headers(StreamingHttpResponse(chunks), wanted, query=query)


def export_asked(given: QueryDict) -> Export:
    """The file that the address wants.

    Raises:
        Refused: `output_format_unknown`, `column_unknown`, `column_repeated`.
    """
    columns = tuple(name for name in given.get("columns", "").split(",") if name)
    return Export(
        format=cast("Format", given.get("format") or "csv"), columns=columns or COLUMNS, search=given.get("search", "")
    )


def _with_headers(response: HttpResponseBase, wanted: Export, *, query: UsageQuery) -> HttpResponseBase:
    response.headers["Content-Type"] = MEDIA_TYPES[wanted.format]
    response.headers["Content-Disposition"] = f'attachment; filename="{export_name(query, wanted.format)}"'
    return response


def _note(request: HttpRequest, account: str, *, file: str) -> None:
    key = key_of_request(request)
    query = request.META.get("QUERY_STRING", "")[:500]
    told = {"who": f"key {key.name} ({key.start}…)", "file": file, "query": query}
    record(Action.EXPORTED, request=request, user=None, account=account, **told)
