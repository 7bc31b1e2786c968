"""Read-only views of the API."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.billing.session_charges import charges_for, with_not_charged
from botmeter.domain.instant import now_us
from botmeter.domain.period import DAYS_MAX, UTC_NAME, Period, day_of_us
from botmeter.people.keys import Scope, has_scope
from botmeter.reports.compared_period import NO_COMPARISON, Compare, Comparison
from botmeter.reports.compared_report import compared_report
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import UsageReport
from botmeter.reports.row_lines import SessionLine
from botmeter.reports.row_options import Grain, RowOptions, SortKey
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.web.api.answers import (
    Conversations,
    Rows,
    Sessions,
    SessionWithRows,
    Tickets,
    page_answer,
    session_with_rows,
)
from botmeter.web.api.parameters import LIMIT_DEFAULT
from botmeter.web.api.route import Call
from botmeter.web.grain import read_charge, read_grain
from botmeter.web.ledgers import reading
from botmeter.web.question import Question, report_question
from botmeter.web.report_address import parsed_address, read_comparison

if TYPE_CHECKING:
    from django.http import QueryDict

    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.explanation_json import Explanation, SessionCharge


def session_usage(call: Call) -> UsageReport:
    """Session usage report."""
    comparison = read_comparison(call.request.GET, default=Compare.NONE)
    with reading(call.request, call.account) as ledger:
        question = _question(ledger, call.request.GET, comparison=comparison)
        report = compared_report(ledger, question.query, comparison=question.comparison, now_us=question.now_us)
        return with_not_charged(ledger, question.query, report=report, cache=SERVER_BILLS)


def sessions(call: Call) -> Rows | Sessions | Conversations | Tickets:
    """Page of the underlying data."""
    query = call.request.GET
    options, cursor = _row_options(query), query.get("cursor") or None
    with reading(call.request, call.account) as ledger:
        question = query_of(ledger, query)
        charges = charges_for(ledger, question, charge=options.charge, cache=SERVER_BILLS)
        return page_answer(row_page(ledger, question, options=options, cursor=cursor, charges=charges))


def session(call: Call, *, session_id: str) -> SessionWithRows:
    """Session with its rows."""
    with reading(call.request, call.account) as ledger:
        rows = session_rows(ledger, _all_days(ledger), session_id=session_id)
        # Queried again within the day and the customer of its rows, which is quick in any account.
        started_on = day_of_us(rows[0].session_start)
        within = UsageQuery(
            period=Period(first_on=started_on, last_on=started_on), filters=Filters(customer=(rows[0].customer_id,))
        )
        page = row_page(ledger, within, options=RowOptions(search=rows[0].session_id))
    line = next(line for line in page.lines_of(SessionLine) if line.session_id == rows[0].session_id)
    return session_with_rows(line, rows)


def explanation(call: Call, *, session_id: str) -> "Explanation":
    """Explain why a session was charged."""
    # Imported here because the meter brings the compiler, which other routes do not need.
    from botmeter.billing.session_funding import session_charges
    from botmeter.reports.explain import explain
    from botmeter.reports.explanation_json import explanation_json

    with reading(call.request, call.account) as ledger:
        explanation = explain(ledger, session_id, now_us=now_us())
        charges: list[SessionCharge] | UnsetType = UNSET
        if has_scope(call.key, Scope.BILLING_READ):
            charges = session_charges(ledger, explanation, now_us=now_us(), cache=SERVER_BILLS)
        return explanation_json(explanation, charges=charges)


def query_of(ledger: "ReadableLedger", query: "QueryDict") -> UsageQuery:
    """Request's query, in UTC by default."""
    return _question(ledger, query, comparison=NO_COMPARISON).query


def _question(ledger: "ReadableLedger", query: "QueryDict", *, comparison: Comparison) -> Question:
    address = replace(parsed_address(query), compare=comparison.choice, compare_days=comparison.days)
    return report_question(ledger, address, zone=UTC_NAME)


def _row_options(query: "QueryDict") -> RowOptions:
    sort = query.get("sort") or SortKey.SESSION_START.value
    return RowOptions(
        grain=read_grain(query, default=Grain.ROW),
        sort=SortKey(sort.removeprefix("-")),
        descending=sort.startswith("-"),
        search=query.get("search", ""),
        charge=read_charge(query),
        limit=int(query.get("limit") or LIMIT_DEFAULT),
    )


def _all_days(ledger: "ReadableLedger") -> UsageQuery:
    last_on = max(day_of_us(now_us()) + timedelta(days=2), ledger.account.available_from)
    first_on = max(ledger.account.available_from, last_on - timedelta(days=DAYS_MAX - 1))
    return UsageQuery(period=Period(first_on=first_on, last_on=last_on))
