"""The routes: each reads its address, asks what the pages and the commands ask, and answers as JSON."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botmeter.domain.instant import now_us
from botmeter.domain.period import Period, day_of_us
from botmeter.people.keys import Scope
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_look import RowLook
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.reports.usage import report_as_mapping, usage_report
from botmeter.web.api import parameters
from botmeter.web.api.answers import answer, page_as_mapping, rows_as_mappings, sessions_as_mappings
from botmeter.web.api.authentication import allowed_account
from botmeter.web.api.questions import all_days, asked, look_asked
from botmeter.web.ledgers import reading


def session_usage(request: HttpRequest, account: str) -> HttpResponseBase:
    """The session usage report.

    How many sessions were consumed in a period, and their splits by day, month, bot, channel and type of ticket. The
    same numbers as the page and `botmeter report --format json`. Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=parameters.QUESTION)
    with reading(request, name) as ledger:
        return answer(report_as_mapping(usage_report(ledger, asked(ledger, request.GET))))


def sessions(request: HttpRequest, account: str) -> HttpResponseBase:
    """The underlying data, page by page.

    The rows behind the report's numbers, or one item for each session with `group=session`. Follow `next_cursor` until
    it is null: every row comes once, however long it takes. Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=parameters.QUESTION + parameters.PAGE)
    look, cursor = look_asked(request.GET), request.GET.get("cursor") or None
    with reading(request, name) as ledger:
        return answer(page_as_mapping(row_page(ledger, asked(ledger, request.GET), look=look, cursor=cursor)))


def session(request: HttpRequest, *, account: str, session_id: str) -> HttpResponseBase:
    """One session with its rows.

    Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=())
    with reading(request, name) as ledger:
        rows = session_rows(ledger, all_days(ledger), session_id=session_id)
        # Asked again within the day and customer that it is known to have, which is quick in any account.
        started_on = day_of_us(rows[0].session_start_us)
        within = UsageQuery(
            period=Period(first_on=started_on, last_on=started_on), filters=Filters(customer=(rows[0].customer_id,))
        )
        page = row_page(ledger, within, look=RowLook(search=rows[0].session_id))
    line = next(line for line in page.lines if line.session_id == rows[0].session_id)
    return answer({**sessions_as_mappings([line])[0], "rows": rows_as_mappings(rows)})


def explanation(request: HttpRequest, *, account: str, session_id: str) -> HttpResponseBase:
    """Why a session was charged.

    Which event opened it, who took part, what ended it, and by which rule; as `botmeter explain --format json`
    says it. Scope: `reports:read`.
    """
    # Imported here because the meter brings the compiler, which other routes do not need.
    from botmeter.reports.explain import explain, explanation_as_mapping

    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=())
    with reading(request, name) as ledger:
        return answer(explanation_as_mapping(explain(ledger, session_id, now_us=now_us())))
