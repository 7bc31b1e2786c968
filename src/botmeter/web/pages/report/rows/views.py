"""View of the underlying data."""

from django.http import HttpResponse

from botmeter.people.rights import Right
from botmeter.web.access import Visit
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.report.rows.exports import NO_EXPORTS, exports_of
from botmeter.web.pages.report.rows.page import TITLES, RowsRequest, rows_page
from botmeter.web.pages.report.rows.view_options import read_rows_address
from botmeter.web.pages.report.views import member_context
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import read_address


def rows(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    """Show the underlying data."""
    parameters = visit.request.GET
    address, view, zone = read_address(parameters), read_rows_address(parameters), preferred_zone(visit.account)
    context = member_context(visit, address, title=TITLES[view.grain], entry_point=entry_point)
    exports = exports_of(visit.account, address, view=view) if visit.may(Right.EXPORT) else NO_EXPORTS
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        page = rows_page(ledger, RowsRequest(question=question, view=view, page=context), exports=exports)
    return rendered(visit.request, "rows.html", page=page)
