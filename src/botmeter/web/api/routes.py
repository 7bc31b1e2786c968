"""The routes: each reads its address, asks what the pages and the commands ask, and answers as JSON."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from ninja import Router

from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import DAYS_MAX, UTC_NAME, Period, day_of_us
from botmeter.reports.ask import Ask, Filters
from botmeter.reports.row_look import Grouping, RowLook, SortKey
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.reports.usage import report_as_mapping, usage_report
from botmeter.web.address import Compare, choice, read_address
from botmeter.web.api import parameters, schemas
from botmeter.web.api.answers import answer, page_as_mapping, row_as_mapping, session_as_mapping
from botmeter.web.api.authentication import allowed_account
from botmeter.web.asking import question
from botmeter.web.ledgers import reading
from botmeter.web.people.keys import Scope

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

routes = Router()

_View = Callable[..., HttpResponseBase]

_ERRORS: Final = frozenset({400, 401, 403, 404, 413, 429, 500, 503})
_LIMIT_DEFAULT: Final = 100


def route(
    path: str, *, gives: Any, taking: tuple[parameters.Parameter, ...] = (), tag: str
) -> Callable[[_View], _View]:
    """Declares a route that is read: with GET, and HEAD as HTTP wants it.

    Args:
        gives: The model of its answer.
        taking: The words that its address may hold.
        tag: Under which heading it is documented.
    """

    def declared(view: _View) -> _View:
        summary, _, description = (inspect.getdoc(view) or "").partition("\n\n")
        routes.add_api_operation(
            path,
            ["GET", "HEAD"],
            view,
            response={200: gives, _ERRORS: schemas.Problem},
            openapi_extra=parameters.documented(*taking),
            operation_id=view.__name__,
            summary=summary.rstrip("."),
            description=" ".join(description.split()),
            tags=[tag],
            by_alias=True,
        )
        return view

    return declared


@route("accounts/{account}/reports/session-usage", gives=schemas.UsageReport, taking=parameters.QUESTION, tag="Reports")
def session_usage(request: HttpRequest, account: str) -> HttpResponseBase:
    """The session usage report.

    How many sessions were consumed in a period, and their splits by day, month, bot, channel and type of ticket. The
    same numbers as the page and `botmeter report --format json`. Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=parameters.QUESTION)
    with reading(name) as ledger:
        return answer(report_as_mapping(usage_report(ledger, asked(ledger, request.GET))))


@route(
    "accounts/{account}/sessions",
    gives=schemas.Rows | schemas.Sessions,
    taking=parameters.QUESTION + parameters.PAGE,
    tag="Sessions",
)
def sessions(request: HttpRequest, account: str) -> HttpResponseBase:
    """The underlying data, page by page.

    The rows behind the report's numbers, or one item for each session with `group=session`. Follow `next_cursor` until
    it is null: every row comes once, however long it takes. Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=parameters.QUESTION + parameters.PAGE)
    look, cursor = look_asked(request.GET), request.GET.get("cursor") or None
    with reading(name) as ledger:
        return answer(page_as_mapping(row_page(ledger, asked(ledger, request.GET), look=look, cursor=cursor)))


@route("accounts/{account}/sessions/{session_id}", gives=schemas.SessionWithRows, tag="Sessions")
def session(request: HttpRequest, account: str, session_id: str) -> HttpResponseBase:
    """One session with its rows.

    Scope: `reports:read`.
    """
    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=())
    with reading(name) as ledger:
        rows = session_rows(ledger, all_days(ledger), session_id=session_id)
        # Asked again within the day and customer that it is known to have, which is quick in any account.
        started_on = day_of_us(rows[0].session_start_us)
        within = Ask(
            period=Period(first_on=started_on, last_on=started_on), filters=Filters(customer=(rows[0].customer_id,))
        )
        page = row_page(ledger, within, look=RowLook(search=rows[0].session_id))
    line = next(line for line in page.lines if line.session_id == rows[0].session_id)
    return answer({**session_as_mapping(line), "rows": [row_as_mapping(row) for row in rows]})


@route("accounts/{account}/sessions/{session_id}/explanation", gives=schemas.Explanation, tag="Sessions")
def explanation(request: HttpRequest, account: str, session_id: str) -> HttpResponseBase:
    """Why a session was charged.

    Which event opened it, who took part, what ended it, and by which rule; as `botmeter explain --format json`
    says it. Scope: `reports:read`.
    """
    # Imported here because the meter brings the compiler, which other routes do not need.
    from botmeter.reports.explain import explain, explanation_as_mapping

    name = allowed_account(request, account, scope=Scope.REPORTS_READ)
    parameters.checked(request.GET, known=())
    with reading(name) as ledger:
        return answer(explanation_as_mapping(explain(ledger, session_id, now_us=now_us())))


def asked(ledger: "Ledger", given: QueryDict) -> Ask:
    """The question of an address; days are UTC days where it names no zone."""
    return question(ledger, replace(read_address(given), compare=Compare.NONE), zone=UTC_NAME).ask


def look_asked(given: QueryDict) -> RowLook:
    """How the address wants its rows.

    Raises:
        Refused: `parameter_invalid`, `limit_invalid`.
        TooMuch: `search_too_long`.
    """
    order = given.get("order") or "asc"
    if order not in {"asc", "desc"}:
        raise Refused("parameter_invalid", f"order can't be {order[:40]!r}; it is one of asc, desc.")
    limit = given.get("limit") or str(_LIMIT_DEFAULT)
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 10):
        raise Refused("parameter_invalid", f"limit can't be {limit[:40]!r}; it is a whole number.")
    return RowLook(
        grouping=choice(given, "group", Grouping) or Grouping.CONVERSATION,
        sort=choice(given, "sort", SortKey) or SortKey.SESSION_START,
        descending=order == "desc",
        search=given.get("search", ""),
        limit=int(limit),
    )


def all_days(ledger: "Ledger") -> Ask:
    """All that the account ever metered, and may meter of events that are ahead of the clock."""
    last_on = max(day_of_us(now_us()) + timedelta(days=2), ledger.account.available_from)
    first_on = max(ledger.account.available_from, last_on - timedelta(days=DAYS_MAX - 1))
    return Ask(period=Period(first_on=first_on, last_on=last_on))
