"""One statement, closed or preliminary."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.account_plans import CycleState, cycle_of_day
from botmeter.billing.account_statements import preliminary_document, statement_named
from botmeter.billing.closing import close_ended
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import Document
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.money_text import money_text
from botmeter.domain.period import Period, day_from_text, day_of_us
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statements
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.bills import bill_cache, plans_of
from botmeter.web.pages.billing.statement_downloads import download_links
from botmeter.web.pages.billing.statement_list import STATE_WORDS
from botmeter.web.pages.billing.statement_tables import (
    ADJUSTMENT_COLUMNS,
    GRANT_COLUMNS,
    LINE_COLUMNS,
    USAGE_COLUMNS,
    Adjustment,
    CostLine,
    adjustments,
    cycle_name,
    document_cycle_name,
    grant_cells,
    line_cells,
    share_lines,
    statement_parts,
    totals,
    usage_cells,
)
from botmeter.web.pages.report.headline import Kpi
from botmeter.web.rendering import rendered

if TYPE_CHECKING:
    from botmeter.billing.cycle import Cycle
    from botmeter.billing.plan_terms import AccountCycle

_SPLITS: Final = (
    ("bots", "Cost by opening bot", "Bot", "bot"),
    ("channels", "Cost by opening channel", "Channel", "channel"),
    ("cost_centres", "Cost by cost centre", "Cost centre", "cost_centre"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementState:
    """State of a statement; `sentence` is empty once it is closed."""

    label: str
    kind: str
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    title: str
    state: StatementState
    sessions_href: str
    close_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Shares of the total by bot, channel or cost centre."""

    name: str
    title: str
    head: str
    lines: tuple[CostLine, ...]
    sessions_total: str
    sessions_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """Statement; `sha256` is empty and `downloads` has none until it is closed, `close_href` unless it can be."""

    frame: Frame
    state: StatementState
    about: str
    dates: str
    close_href: str
    schedule_href: str
    downloads: tuple[Link, ...]
    parts: tuple[Kpi, ...]
    line_columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[str, str], ...]
    total: str
    splits: tuple[Split, ...]
    usage_columns: tuple[Column, ...]
    usage: tuple[tuple[Cell, ...], ...]
    grant_columns: tuple[Column, ...]
    grants: tuple[tuple[Cell, ...], ...]
    terms: tuple[tuple[str, str], ...]
    sha256: str
    adjustment_columns: tuple[Column, ...]
    adjustments: tuple[Adjustment, ...]


@for_member(Right.SEE_MONEY)
def statement(visit: Visit, *, number: str) -> HttpResponse:
    """Show a closed statement."""
    with visit.reading() as ledger:
        closed = statement_named(ledger, number)
    document = read_document(closed)
    label, kind = STATE_WORDS[CycleState.CLOSED]
    return _page(
        visit,
        document,
        head=_Head(
            title=f"Statement {closed.number}",
            state=StatementState(label=label, kind=kind),
            sessions_href=reverse("statement-sessions", args=(visit.account, closed.number)),
        ),
        closed=closed,
    )


@for_member(Right.SEE_MONEY, posts=Right.CHANGE_BILLING)
def cycle_statement(visit: Visit, *, day: str) -> HttpResponse:
    """Show a preliminary statement; close its cycle once confirmed."""
    with visit.reading() as ledger:
        plans = plans_of(ledger)
        account_cycle = cycle_of_day(plans, day_from_text(day), now_us=now_us())
        state = plans.state(account_cycle, now_us=now_us())
        if sent_parameters(visit.request).get("what") == "close" and state is not CycleState.CLOSED:
            visit.require(Right.CHANGE_BILLING)
            return _close(visit, account_cycle)
        if state is CycleState.CLOSED:
            return redirect("statement", visit.account, _number_of(visit, account_cycle))
        document = preliminary_document(ledger, account_cycle.cycle.first_on, now_us=now_us(), cache=bill_cache)
    here = reverse("cycle-statement", args=(visit.account, account_cycle.cycle.first_on.isoformat()))
    is_over = state is not CycleState.OPEN
    return _page(
        visit,
        document,
        head=_Head(
            title=f"{'Preliminary statement' if is_over else 'Cost so far'}, {document_cycle_name(document['cycle'])}",
            state=_state(state, account_cycle.cycle, grace_us=plans.grace_us),
            sessions_href=reverse("cycle-sessions", args=(visit.account, account_cycle.cycle.first_on.isoformat())),
            close_href=f"{here}?what=close" if is_over and visit.may(Right.CHANGE_BILLING) else "",
        ),
    )


def _number_of(visit: Visit, account_cycle: "AccountCycle") -> str:
    with visit.reading() as ledger:
        start_us = account_cycle.cycle.start_us
        return [each.number for each in closed_statements(ledger) if each.cycle_start == start_us][-1]


def _close(visit: Visit, account_cycle: "AccountCycle") -> HttpResponse:
    cycle = account_cycle.cycle
    name, here = cycle_name(cycle.first_on, cycle.last_on), cycle.first_on.isoformat()
    back = reverse("cycle-statement", args=(visit.account, here))
    if not is_confirmed(visit.request):
        confirmation = Confirmation(
            question=f"Close {name}?",
            effect="The cycle, and each one before it that is not closed, gets a statement that never changes. "
            "What comes later is an adjustment of the next one.",
            button="Close cycle",
            cancel_href=back,
        )
        return account_confirmation(visit, confirmation, section="billing")
    with visit.writing() as ledger:
        closed = close_ended(ledger, through=cycle.last_on, now_us=now_us(), by=visit.user.email)
    for each in closed:
        visit.record(Action.CYCLE_CLOSED, statement=each.number)
    numbers = [each.number for each in closed]
    add_notice(visit.request, Notice(fact=f"{name} is closed.", consequence=f"{' and '.join(numbers)} made."))
    return redirect("statement", visit.account, numbers[-1]) if numbers else redirect("statements", visit.account)


def _state(state: CycleState, cycle: "Cycle", *, grace_us: int) -> StatementState:
    label, kind = STATE_WORDS[state]
    closes_on = text.day_text(day_of_us(cycle.end_us + grace_us, timezone=cycle.timezone))
    match state:
        case CycleState.OPEN:
            sentence = f"It changes with each session until {text.day_text(cycle.last_on)}."
        case CycleState.IN_GRACE:
            sentence = f"Late events still change it until {closes_on}, when the server closes it."
        case CycleState.PRELIMINARY:
            sentence = "The cycle ended before its plan was set, so only people close it."
        case _:
            sentence = "The server closes it within the hour."
    return StatementState(label=label, kind=kind, sentence=sentence)


def _page(visit: Visit, document: Document, *, head: _Head, closed: ClosedStatement | None = None) -> HttpResponse:
    crumbs = section_links(visit.account, "billing")
    crumbs += (Link(label="Statements", href=reverse("statements", args=(visit.account,))),)
    pattern = reverse("statement", args=(visit.account, "NUMBER"))
    page = StatementPage(
        frame=frame(visit, title=head.title, current="billing", crumbs=crumbs),
        state=head.state,
        about=_about(document, closed),
        dates=_dates(document),
        close_href=head.close_href,
        schedule_href=f"{reverse('schedule-new', args=(visit.account,))}?report=statement"
        if closed is not None and visit.may(Right.SCHEDULE_REPORTS)
        else "",
        downloads=() if closed is None or not visit.may(Right.EXPORT) else download_links(visit, closed),
        parts=statement_parts(document),
        line_columns=LINE_COLUMNS,
        lines=line_cells(document),
        totals=totals(document),
        total=money_text(Decimal(document["total"]), document["currency"]),
        splits=_splits(document, sessions_href=head.sessions_href),
        usage_columns=USAGE_COLUMNS,
        usage=usage_cells(document, sessions_href=head.sessions_href),
        grant_columns=GRANT_COLUMNS,
        grants=grant_cells(document, zone=document["cycle"]["timezone"]),
        terms=_terms(document),
        sha256="" if closed is None else closed.sha256,
        adjustment_columns=ADJUSTMENT_COLUMNS,
        adjustments=adjustments(document, href=pattern, session_href=reverse("billed-session", args=(visit.account,))),
    )
    return rendered(visit.request, "billing/statement.html", page=page)


def _about(document: Document, closed: ClosedStatement | None) -> str:
    title = document["title"] or document["account"]
    sentence = f"{title}, {document['plan_title'] or ' and '.join(document['plans'])}."
    if closed is None:
        return sentence
    zone = document["cycle"]["timezone"]
    at = text.instant_text(closed.closed_at, zone=zone, seconds=False)
    return f"{sentence} Closed on {at} {zone} by {closed.closed_by or 'the server'}."


def _dates(document: Document) -> str:
    cycle = document["cycle"]
    first_on, last_on = (date.fromisoformat(cycle[name]) for name in ("first_day", "last_day"))
    return f"{text.days_text(Period(first_on=first_on, last_on=last_on))}, {cycle['timezone']}"


def _splits(document: Document, *, sessions_href: str) -> tuple[Split, ...]:
    shares = document["shares"]
    return tuple(
        Split(
            name=f"by-{kind.replace('_', '-')}",
            title=title,
            head=head,
            lines=share_lines(document, kind, sessions_href=sessions_href if parameter else "", parameter=parameter),
            sessions_total=text.count_text(sum(each["sessions"] for each in shares[kind])),
            sessions_href=sessions_href,
        )
        for kind, title, head, parameter in _SPLITS
        if shares.get(kind)
    )


def _terms(document: Document) -> tuple[tuple[str, str], ...]:
    lines = [
        ("Plan", " and ".join(document["plans"])),
        ("Policy", " and ".join(document["policies"])),
        ("Cycle", _dates(document)),
        ("Session list", f"{document['sessions']['count']:,} sessions, SHA-256 {document['sessions']['sha256']}"),
        ("Software", document["software"]),
    ]
    if document.get("previous"):
        lines.append(("Before", f"SHA-256 {document['previous']}"))
    return tuple((label, value) for label, value in lines if value)
