"""Files of single widgets."""

from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpResponse

from botmeter.domain import text
from botmeter.people.audit import DETAIL_LENGTH_MAX, Action
from botmeter.people.database_failures import optional_write
from botmeter.people.rights import Right
from botmeter.reports.export import FORMATS, export_name, file_chunks
from botmeter.reports.export_summary import Summary, summary_of
from botmeter.reports.snapshot import open_snapshot
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.pages.report.contexts import WidgetContext, cached_overview
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.report.widgets import Widget, member_access, widget_named
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.report_address import read_address

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_FORMATS: Final = {"csv": "CSV", "xlsx": "XLSX"}


def widget_exports(widget: Widget, context: WidgetContext) -> tuple[Link, ...]:
    """Link a widget's files, unless there is nothing in them."""
    if widget.table is None or not context.access.allows(Fact.EXPORTS) or not context.report.sessions_consumed:
        return ()
    address, urls = context.address.following(False), context.urls
    return tuple(
        Link(label=label, href=urls.widget_export(widget.name, address, form=form)) for form, label in _FORMATS.items()
    )


@for_member(Right.EXPORT)
def widget_export(visit: Visit, *, name: str, format: str) -> HttpResponse:  # noqa: A002 - the word in the address
    """Send a widget's numbers as a file."""
    access = member_access(may_export=True)
    widget, form = widget_named(name, access), next((known for known in FORMATS if known == format), None)
    if form is None or widget.table is None:
        raise Http404
    address, zone = read_address(visit.request.GET), preferred_zone(visit.account)
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        urls = ReportUrls(owner=visit.account)
        context = WidgetContext(
            ledger=ledger,
            overview=cached_overview(ledger, question),
            question=question,
            urls=urls,
            access=access,
            here=FilteredPage(urls=urls, widget=name),
            is_whole=True,
        )
        summary = (("Widget", widget.title), *_summary(ledger, context))
        table = widget.table(context)
    chunks = file_chunks(
        form, table.to_batches(), schema=table.schema, timezone=question.query.period.timezone, summary=summary
    )
    file_name = export_name(question.query, form, subject=widget.name)
    with optional_write("an export in the audit log", account=visit.account, user=visit.user.pk):
        visit.record(Action.EXPORTED, file=file_name, query=address.query()[:DETAIL_LENGTH_MAX])
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return HttpResponse(b"".join(chunks), content_type=MEDIA_TYPES[form], headers=headers)


def _summary(ledger: "ReadableLedger", context: WidgetContext) -> Summary:
    question = context.question
    with open_snapshot(ledger) as snapshot:
        summary = summary_of(ledger, snapshot, query=question.query)
    if context.compared is None or question.compared is None:
        return summary
    return (*summary, ("Compared with", text.days_text(question.compared.period)))
