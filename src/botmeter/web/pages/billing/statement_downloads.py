"""Files of a closed statement: document, printed lines and sessions."""

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse

from botmeter.billing.account_statements import statement_named
from botmeter.billing.focus_files import focus_file, statement_focus
from botmeter.billing.stated import read_document
from botmeter.billing.statement_files import lines_csv, session_file_bytes
from botmeter.billing.statement_pdf import statement_pdf
from botmeter.ledger.billing.closed_statements import ClosedStatement, statement_sessions
from botmeter.pdf.printing import FontSource, can_print
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_CONTENT_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "sessions.csv": "text/csv; charset=utf-8",
    "sessions.parquet": "application/vnd.apache.parquet",
    "focus.csv": "text/csv; charset=utf-8",
    "focus.parquet": "application/vnd.apache.parquet",
}


@for_member(Right.EXPORT)
def statement_download(visit: Visit, *, number: str, form: str) -> HttpResponse:
    """Send a closed statement as a file."""
    visit.require(Right.SEE_MONEY)
    if form not in _CONTENT_TYPES:
        raise Http404
    with visit.reading() as ledger:
        closed = statement_named(ledger, number)
        content = _content(ledger, closed, form=form)
    visit.record(Action.EXPORTED, statement=closed.number, format=form)
    name = f"{closed.number}{'-' if '.' in form else '.'}{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=_CONTENT_TYPES[form], headers=headers)


def download_links(visit: Visit, closed: ClosedStatement) -> tuple[Link, ...]:
    """Links to the files of a statement."""
    labels = {
        "json": "Statement as JSON",
        "csv": "Lines as CSV",
        "pdf": "Statement as PDF",
        "sessions.csv": "Sessions as CSV",
        "sessions.parquet": "Sessions as Parquet",
        "focus.csv": "FOCUS as CSV",
        "focus.parquet": "FOCUS as Parquet",
    }
    return tuple(
        Link(label=label, href=reverse("statement-download", args=(visit.account, closed.number, form)))
        for form, label in labels.items()
        if form != "pdf" or can_print()
    )


def _content(ledger: "ReadableLedger", closed: ClosedStatement, *, form: str) -> bytes:
    match form:
        case "json":
            return closed.document
        case "csv":
            return lines_csv(read_document(closed))
        case "pdf":
            fonts = FontSource(folder=settings.FONTS_DIR)
            return statement_pdf(closed.document, statement_sessions(ledger, closed.statement_no), fonts=fonts)
        case "focus.csv" | "focus.parquet":
            rows = statement_focus(ledger, closed)
            return focus_file([rows], form="csv" if form == "focus.csv" else "parquet")
        case _:
            return session_file_bytes(ledger, closed, form="csv" if form == "sessions.csv" else "parquet")
