"""Exports of the underlying data."""

from typing import cast

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase

from botmeter.people.audit import Action, record
from botmeter.reports.export import Export, Format, export_name, export_stream
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS
from botmeter.web.api.route import Call
from botmeter.web.api.routes import query_of
from botmeter.web.ledgers import ExportReader
from botmeter.web.media_types import MEDIA_TYPES


def export(call: Call) -> HttpResponseBase:
    """Stream the requested file."""
    request, file = call.request, _export_of(call.request.GET)
    held = ExportReader(request, call.account)
    try:
        query = query_of(held.ledger, request.GET)
        if request.method == "HEAD":
            held.close()
            return _with_headers(HttpResponse(), file, query=query)
        chunks = held.stream(export_stream(held.ledger, query, export=file))
        detail = {"file": export_name(query, file.format), "query": request.META.get("QUERY_STRING", "")[:500]}
        record(Action.EXPORTED, request=request, user=None, account=call.account, who=call.who, **detail)
    except BaseException:
        held.close()
        raise
    return _with_headers(StreamingHttpResponse(chunks), file, query=query)


def _export_of(query: QueryDict) -> Export:
    columns = tuple(name for name in query.get("columns", "").split(",") if name)
    return Export(
        format=cast("Format", query.get("format") or "csv"), columns=columns or COLUMNS, search=query.get("search", "")
    )


def _with_headers(response: HttpResponseBase, file: Export, *, query: UsageQuery) -> HttpResponseBase:
    response.headers["Content-Type"] = MEDIA_TYPES[file.format]
    response.headers["Content-Disposition"] = f'attachment; filename="{export_name(query, file.format)}"'
    return response
