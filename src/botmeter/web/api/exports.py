"""Exports of the underlying data."""

from typing import cast

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from botmeter.people.audit import DETAIL_LENGTH_MAX, Action
from botmeter.people.database_failures import optional_write
from botmeter.reports.export import Export, Format, export_name
from botmeter.reports.row_options import Grain
from botmeter.web.api.route import Call
from botmeter.web.api.routes import query_of
from botmeter.web.exports import LedgerExport
from botmeter.web.grain import read_charge


def export(call: Call) -> HttpResponseBase:
    """Stream the requested file."""
    request, file = call.request, _export_of(call.request.GET)
    with LedgerExport(request, call.account) as exported:
        query = query_of(exported.ledger, request.GET)
        response = exported.response(query, file)
        if request.method == "HEAD":
            exported.close()
            return HttpResponse(headers=response.headers)
        detail = {
            "file": export_name(query, file.format, subject=file.subject),
            "query": request.META.get("QUERY_STRING", "")[:DETAIL_LENGTH_MAX],
        }
        with optional_write("an export in the audit log", account=call.account):
            call.record(Action.EXPORTED, **detail)
    return response


def _export_of(query: QueryDict) -> Export:
    columns = tuple(name for name in query.get("columns", "").split(",") if name)
    return Export(
        format=cast("Format", query.get("format") or "csv"),
        grain=Grain(query.get("grain") or Grain.ROW),
        columns=columns or None,
        search=query.get("search", ""),
        charge=read_charge(query),
    )
