"""Views of the underlying data: page and exports."""

from typing import Final

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from botmeter.people.audit import DETAIL_LENGTH_MAX, Action, record
from botmeter.people.database_failures import optional_write
from botmeter.people.rights import Right
from botmeter.reports.export import FORMATS, Export, export_name
from botmeter.reports.row_options import Grouping
from botmeter.reports.rows import COLUMNS
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.exports import LedgerExport
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.report.rows.page import RowsRequest, rows_page
from botmeter.web.pages.report.rows.view_options import RowsAddress, read_rows_address
from botmeter.web.pages.report.views import member_context
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, read_address

_FORMATS: Final = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet", "ndjson": "NDJSON"}


def rows(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    """Show the underlying data."""
    parameters = visit.request.GET
    address, view, zone = read_address(parameters), read_rows_address(parameters), preferred_zone(visit.account)
    context = member_context(visit, address, title="Sessions consumed", entry_point=entry_point)
    exports = _exports(visit, address, view=view) if visit.may(Right.EXPORT) else ()
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        page = rows_page(ledger, RowsRequest(question=question, view=view, page=context), exports=exports)
    return rendered(visit.request, "rows.html", page=page)


def _exports(visit: Visit, address: ReportAddress, *, view: RowsAddress) -> tuple[Link, ...]:
    parameters = {name: value for name, value in view.pairs().items() if name in {"search", "columns", "group"}}
    return tuple(
        Link(label=label, href=reverse("export", args=(visit.account, name)) + address.query(**parameters))
        for name, label in _FORMATS.items()
    )


@for_member(Right.EXPORT)
def export(visit: Visit, *, format: str) -> StreamingHttpResponse:  # noqa: A002 - the word in the address
    """Stream the rows as a file."""
    file_format = next((known for known in FORMATS if known == format), None)
    if file_format is None:
        raise Http404
    parameters = visit.request.GET
    address, zone = read_address(parameters), preferred_zone(visit.account)
    with LedgerExport(visit.request, visit.account) as exported:
        query = report_question(exported.ledger, address, zone=zone).query
        view = read_rows_address(parameters)
        # Files have flat rows, so a session's columns don't apply.
        columns = view.columns if view.options.grouping is Grouping.CONVERSATION and view.columns else COLUMNS
        file = Export(format=file_format, columns=columns, search=view.options.search)
        details = {"file": export_name(query, file_format), "query": address.query()[:DETAIL_LENGTH_MAX]}
        with optional_write("an export in the audit log", account=visit.account, user=visit.user.pk):
            record(Action.EXPORTED, request=visit.request, user=visit.user, account=visit.account, **details)
        return exported.response(query, file)
