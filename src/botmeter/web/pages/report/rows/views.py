"""Views of the underlying data: page and exports."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from botmeter.people.audit import Action, record
from botmeter.people.rights import Right
from botmeter.reports.export import FORMATS, Export, Format, export_name, export_stream
from botmeter.reports.row_options import Grouping
from botmeter.reports.rows import COLUMNS
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Crumb, frame
from botmeter.web.ledgers import ExportReader
from botmeter.web.media_types import MEDIA_TYPES
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.rows.page import RowsQuestion, exports_of, rows_page
from botmeter.web.pages.report.rows.view_options import RowsAddress, read_rows_address
from botmeter.web.pages.report.usage_page import HEADING
from botmeter.web.pages.report.widgets import member_access
from botmeter.web.question import preferred_zone, question
from botmeter.web.rendering import rendered
from botmeter.web.report_query import read_address


@for_member(Right.SEE_REPORTS)
def rows(visit: Visit) -> HttpResponse:
    """Show the underlying data."""
    parameters = visit.request.GET
    address, urls = read_address(parameters), ReportUrls(entry_point=EntryPoint.REPORTS, owner=visit.account)
    crumbs = (
        Crumb(label="Reports", href=reverse("reports", args=(visit.account,))),
        Crumb(label=HEADING[EntryPoint.REPORTS], href=urls.report(address)),
    )
    around = frame(visit, title="Sessions consumed", current="reports", crumbs=crumbs)
    zone, rows_address = preferred_zone(visit.account), read_rows_address(parameters)
    with visit.reading() as ledger:
        asked = RowsQuestion(question=question(ledger, address, zone=zone), rows=rows_address)
        page = rows_page(ledger, asked, context=PageContext(frame=around, urls=urls, access=member_access()))
    if visit.may(Right.EXPORT):
        page = exports_of(page, hrefs={name: _export_href(visit, asked, format=name) for name in FORMATS})
    return rendered(visit.request, "rows.html", page=page)


@for_member(Right.EXPORT)
def export(visit: Visit, *, format: str) -> StreamingHttpResponse:  # noqa: A002 - the word in the address
    """Stream the rows as a file."""
    wanted = next((known for known in FORMATS if known == format), None)
    if wanted is None:
        raise Http404
    parameters = visit.request.GET
    address = read_address(parameters)
    held = ExportReader(visit.request, visit.account)
    try:
        asked = question(held.ledger, address, zone=preferred_zone(visit.account))
        view = read_rows_address(parameters)
        # Files have flat rows, so a session's columns don't apply.
        columns = view.columns if view.options.grouping is Grouping.CONVERSATION and view.columns else COLUMNS
        wanted_export = Export(format=wanted, columns=columns, search=view.options.search)
        chunks = export_stream(held.ledger, asked.query, export=wanted_export)
        file, query = export_name(asked.query, wanted), asked.address.query()[:500]
        details = {"file": file, "query": query}
        record(Action.EXPORTED, request=visit.request, user=visit.user, account=visit.account, **details)
    except BaseException:
        held.close()
        raise
    response = StreamingHttpResponse(held.stream(chunks), content_type=MEDIA_TYPES[wanted])
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def _export_href(visit: Visit, asked: RowsQuestion, *, format: Format) -> str:  # noqa: A002 - the word in the address
    rows_address = asked.rows
    kept = {"search", "columns", "group"}
    more = {
        name: value
        for name, value in RowsAddress(options=rows_address.options, columns=rows_address.columns).pairs().items()
        if name in kept
    }
    return reverse("export", args=(visit.account, format)) + asked.question.address.query(**more)
