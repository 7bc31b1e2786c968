"""Sessions of a cycle as billed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_bill import Bill, account_plans, bill_of
from botmeter.billing.account_plans import cycle_of_day
from botmeter.billing.account_statements import statement_named
from botmeter.billing.cost_centres import cost_centres_of
from botmeter.billing.funding_words import FUNDING_WORDS
from botmeter.billing.statement_list import session_list
from botmeter.domain import text
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us, us_from_text
from botmeter.domain.period import day_from_text
from botmeter.ledger.billing.closed_statements import statement_sessions
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.people.rights import Right
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.bot_names import BotNames
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link, Pager
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.billing.bills import bill_cache, names_of_bots, plans_of
from botmeter.web.pages.billing.statement_tables import NOT_CHARGED, cycle_name
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.rendering import rendered
from botmeter.web.report_address import number_named

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

ROWS_A_PAGE: Final = 100
_COLUMNS: Final = (
    Column(label="Start", sorted="ascending"),
    Column(label="Session"),
    Column(label="Opening bot"),
    Column(label="Opening channel"),
    Column(label="Funding"),
)
WOULD: Final = "would"
"""Column and filter of the funding under another plan."""
_FILTERS: Final = {
    "funding": "Funding",
    WOULD: "Under the other plan",
    "bot": "Opening bot",
    "version": "Bot version",
    "channel": "Opening channel",
    "cost_centre": "Cost centre",
}
_CHARGES: Final = {"charged": "Charged", "not_charged": "Not charged"}
_COLUMN_OF: Final = {"bot": "bot_id", "version": "version", "channel": "channel", "cost_centre": "cost_centre"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionListPage:
    """Sessions of a cycle; `filters` are set ones with the addresses without them."""

    frame: Frame
    lede: str
    filters: tuple[Link, ...]
    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    pager: Pager
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionList:
    """Sessions in rating order, with what they are of; `kept` stays in the addresses of the page."""

    rows: pa.Table
    owner: Link
    zone: str
    kept: Mapping[str, str] = field(default_factory=dict)


@for_member(Right.SEE_MONEY)
def cycle_sessions(visit: Visit, *, day: str) -> HttpResponse:
    """List the sessions of an unclosed cycle."""
    with visit.reading() as ledger:
        plans = plans_of(ledger)
        account_cycle = cycle_of_day(plans, day_from_text(day), now_us=now_us())
        bill = bill_of(ledger, account_cycle, plans=plans, now_us=now_us(), cache=bill_cache)
        rows = rows_of_bill(ledger, bill)
    cycle = account_cycle.cycle
    name = cycle_name(cycle.first_on, cycle.last_on)
    statement = Link(label=name, href=reverse("cycle-statement", args=(visit.account, cycle.first_on.isoformat())))
    return session_list_page(visit, SessionList(rows=rows, owner=statement, zone=cycle.timezone))


def rows_of_bill(ledger: "ReadableLedger", bill: Bill) -> pa.Table:
    """Sessions of a rated cycle with id, version and cost centre."""
    ids = pa.concat_arrays([each["session_id"].combine_chunks() for each in bill.sessions])
    rows = session_list(bill.sessions, bill.rated.meters).append_column("session_id", ids)
    rows = rows.append_column("version", pa.chunked_array([_versions(each) for each in bill.sessions], pa.string()))
    return _with_centres(rows, cost_centres(ledger))


@for_member(Right.SEE_MONEY)
def statement_session_list(visit: Visit, *, number: str) -> HttpResponse:
    """List the sessions of a closed statement."""
    with visit.reading() as ledger:
        closed = statement_named(ledger, number)
        centres = cost_centres(ledger, known_at=closed.closed_at)
        rows = _with_centres(statement_sessions(ledger, closed.statement_no), centres)
        terms = account_plans(ledger)
    zone = terms.terms[-1].plan.cycle.timezone if terms else "UTC"
    statement = Link(label=closed.number, href=reverse("statement", args=(visit.account, closed.number)))
    return session_list_page(visit, SessionList(rows=rows, owner=statement, zone=zone))


@for_member(Right.SEE_MONEY)
def billed_session(visit: Visit) -> HttpResponse:
    """Lead to the session that an event opens."""
    query = visit.request.GET
    key, at = number_named(query.get("key", ""), "key", within=(0, 2**64 - 1)), us_from_text(query.get("at", ""))
    with visit.reading() as ledger:
        session_id = _ids_by_key(ledger, at, end_us=at + 1).get(key)
    if session_id is None:
        raise Missing(
            "session_unknown",
            f"No session begins with the event of {text.instant_text(at)} UTC any more, because an earlier event came "
            "late or left. The underlying data of that day has its session.",
        )
    return redirect("session", visit.account, session_id)


def session_list_page(visit: Visit, listed: SessionList) -> HttpResponse:
    """Show a page of sessions, filtered by its address."""
    query, rows = visit.request.GET, listed.rows
    chosen = {name: query[name] for name in _FILTERS if name in query}
    matching = _matching(rows, chosen)
    first = number_named(query.get("from", "0"), "from", within=(0, 10**9))
    shown = matching.slice(first, ROWS_A_PAGE)
    crumbs = section_links(visit.account, "billing")
    crumbs += (Link(label="Statements", href=reverse("statements", args=(visit.account,))), listed.owner)
    others = (Column(label=_FILTERS[WOULD]),) if WOULD in rows.column_names else ()
    page = SessionListPage(
        frame=frame(visit, title="Billed sessions", current="billing", crumbs=crumbs),
        lede=_lede(matching.num_rows, rows.num_rows, label=listed.owner.label),
        filters=_filter_links(chosen, kept=listed.kept),
        columns=(*_COLUMNS, *others),
        lines=_lines(visit, shown, zone=listed.zone),
        pager=_pager(matching, first, chosen={**listed.kept, **chosen}, zone=listed.zone),
        zone=listed.zone,
    )
    return rendered(visit.request, "billing/sessions.html", page=page)


def _matching(rows: pa.Table, chosen: Mapping[str, str]) -> pa.Table:
    for column in ("funding", WOULD):
        if column in chosen and column in rows.column_names:
            rows = rows.filter(_is_funded(rows[column], chosen[column]))
    for name, column in _COLUMN_OF.items():
        if name in chosen and column in rows.column_names:
            texts = pc.fill_null(rows[column].cast(pa.string()), "")
            rows = rows.filter(pc.equal(texts, chosen[name]))
    return rows


def _is_funded(funding: pa.ChunkedArray, chosen: str) -> pa.ChunkedArray:
    kinds = NOT_CHARGED if chosen in _CHARGES else (chosen,)
    kind = pc.list_element(pc.split_pattern(funding.cast(pa.string()), " "), 0)
    is_chosen = pc.is_in(kind, pa.array(kinds))
    return pc.invert(is_chosen) if chosen == "charged" else is_chosen


def _versions(table: pa.Table) -> pa.Array:
    return table["bot_version"].cast(pa.string()).combine_chunks()


def _with_centres(rows: pa.Table, centres: CostCentres) -> pa.Table:
    return rows.append_column("cost_centre", cost_centres_of(rows, centres)) if centres.change_days else rows


def _lede(count: int, whole: int, *, label: str) -> str:
    sessions = text.counted(count, "session")
    return f"{sessions} of {label}." if count == whole else f"{sessions} of {whole:,} of {label}."


def _filter_links(chosen: Mapping[str, str], *, kept: Mapping[str, str]) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=f"{_FILTERS[name]}: {_filter_value(name, value)}",
            href=f"?{urlencode({**kept, **{other: each for other, each in chosen.items() if other != name}})}",
        )
        for name, value in chosen.items()
    )


def _filter_value(name: str, value: str) -> str:
    if name not in {"funding", WOULD}:
        return value or "none"
    return _CHARGES.get(value) or FUNDING_WORDS.get(value, value)


def _lines(visit: Visit, shown: pa.Table, *, zone: str) -> tuple[tuple[Cell, ...], ...]:
    rows: list[dict[str, Any]] = shown.to_pylist()
    if rows and "session_id" not in shown.column_names:
        with visit.reading() as ledger:
            starts = [row["started_at"] for row in rows]
            ids = _ids_by_key(ledger, min(starts), end_us=max(starts) + 1)
        rows = [{**row, "session_id": ids.get(row["opening_key"])} for row in rows]
    urls = ReportUrls(owner=visit.account, entry_point=EntryPoint.BILLING)
    with visit.reading() as ledger:
        names = names_of_bots(ledger)
    return tuple(_cells(row, urls=urls, zone=zone, names=names) for row in rows)


def _ids_by_key(ledger: "ReadableLedger", start_us: int, *, end_us: int) -> dict[int, str]:
    table = billed_sessions(ledger, start_us, end_us=end_us)
    return dict(zip(table["opening_key"].to_pylist(), table["session_id"].to_pylist(), strict=True))


def _cells(row: Mapping[str, Any], *, urls: ReportUrls, zone: str, names: BotNames) -> tuple[Cell, ...]:
    session_id = row["session_id"]
    return (
        Cell(value=text.instant_text(row["started_at"], zone=zone), variant="num"),
        Cell(
            value=text.short_id(session_id) if session_id else "No session any more",
            title=session_id or "",
            href=urls.session(session_id) if session_id else "",
            variant="id" if session_id else "",
        ),
        Cell(value=names[row["bot_id"]] if row["bot_id"] else "No bot", title=row["bot_id"] or ""),
        Cell(value=row["channel"]),
        *(Cell(value=_funding_text(str(row[name]))) for name in ("funding", WOULD) if name in row),
    )


def _funding_text(funding: str) -> str:
    kind, _, number = funding.partition(" ")
    return f"Pack {number}" if kind == "pack" else FUNDING_WORDS.get(kind, funding)


def _pager(matching: pa.Table, first: int, *, chosen: Mapping[str, str], zone: str) -> Pager:
    count, last = matching.num_rows, min(first + ROWS_A_PAGE, matching.num_rows)
    starts = matching["started_at"].slice(first, last - first)
    bounds = [text.instant_text(starts[at].as_py(), zone=zone) for at in (0, -1)] if len(starts) else []

    def href(start: int) -> str:
        return f"?{urlencode({**chosen, 'from': start})}"

    return Pager(
        range=f" {text.DASH} ".join(bounds),
        newer_href=href(max(0, first - ROWS_A_PAGE)) if first else "",
        older_href=href(last) if last < count else "",
        newer_label="Earlier sessions",
        older_label="Later sessions",
    )
