"""Customer search by ID, and the top customers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.customers import counted_customer
from botmeter.ledger.event_rows import has_events
from botmeter.people.rights import Right
from botmeter.reports.customers import customer_calendar, top_customers
from botmeter.reports.filter_values import filter_values
from botmeter.reports.filters import filter_named
from botmeter.reports.query import RequestedDays, UsageQuery, usage_query
from botmeter.web.access import Visit, for_member
from botmeter.web.components import bar_width
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

TOP_COUNT: Final = 25
_SEARCH_LENGTH_MAX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class TopCustomer:
    """Customer with many sessions."""

    customer: Word
    sessions: str
    session_count: int
    width: str
    conversations: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPage:
    """Account's customers; `matches` has their sessions, None without a search."""

    frame: Frame
    action: str
    search: str
    matches: tuple[tuple[Word, str], ...] | None
    is_cut: bool
    top: tuple[TopCustomer, ...]
    period: str
    start_href: str
    merge_href: str


@for_member(Right.SEE_REPORTS)
def customers_page(visit: Visit) -> HttpResponse:
    """Search customers; a full ID redirects to its page."""
    urls = ReportUrls(owner=visit.account)
    search = visit.request.GET.get("search", "")[:_SEARCH_LENGTH_MAX]
    zone, now_us = preferred_zone(visit.account), present_us()
    with visit.reading() as ledger:
        customer_id = counted_customer(ledger, search)
        if customer_id != search:
            return HttpResponseRedirect(urls.customer(customer_id))
        last_days = usage_query(account=ledger.account, now_us=now_us, days=RequestedDays(timezone=zone))
        counts, is_cut = _matching_counts(ledger, search, now_us=now_us) if search else (None, False)
        if counts == {} and search != search.strip():
            # IDs can begin with a space, but pasted spaces are far more common.
            search = search.strip()
            counts, is_cut = _matching_counts(ledger, search, now_us=now_us)
        if counts is not None and list(counts) == [search]:
            return HttpResponseRedirect(urls.customer(search))
        top = _top(ledger, last_days, urls=urls)
        is_empty = not has_events(ledger)
    page = CustomersPage(
        frame=frame(visit, title="Customers", current="customers"),
        action=reverse("customers", args=(visit.account,)),
        search=search,
        matches=None if counts is None else _matches(counts, urls),
        is_cut=is_cut,
        top=top,
        period=f"{text.days_text(last_days.period)}, {zone}",
        start_href=reverse("report", args=(visit.account,)) if is_empty else "",
        merge_href=urls.merge_customers() if visit.may(Right.MERGE_CUSTOMERS) else "",
    )
    return rendered(visit.request, "customers.html", page=page)


def _matching_counts(ledger: "ReadableLedger", search: str, *, now_us: int) -> tuple[dict[str, int], bool]:
    all_days = usage_query(
        account=ledger.account,
        now_us=now_us,
        days=RequestedDays(first_on=ledger.account.available_from, last_on=day_of_us(now_us)),
    )
    values = filter_values(ledger, all_days, declared=filter_named("customer"), search=search)
    counts = {one.value: one.session_count for one in values.values}
    if search not in counts and _is_known(ledger, search, now_us=now_us):
        counts[search] = 0
    order = sorted(counts, key=lambda each: (each != search, -counts[each], each))
    return {customer_id: counts[customer_id] for customer_id in order}, values.is_cut


def _matches(counts: dict[str, int], urls: ReportUrls) -> tuple[tuple[Word, str], ...]:
    return tuple((id_word(each, urls.customer(each)), text.counted(count, "session")) for each, count in counts.items())


def _is_known(ledger: "ReadableLedger", customer_id: str, *, now_us: int) -> bool:
    today_on = day_of_us(now_us)
    try:
        customer_calendar(ledger, customer_id, period=Period(first_on=today_on, last_on=today_on))
    except Missing:
        return False
    return True


def _top(ledger: "ReadableLedger", last_days: UsageQuery, *, urls: ReportUrls) -> tuple[TopCustomer, ...]:
    customers = top_customers(ledger, last_days, limit=TOP_COUNT)
    longest = max((one.session_count for one in customers), default=0)
    zone = last_days.period.timezone
    return tuple(
        TopCustomer(
            customer=id_word(one.customer_id, urls.customer(one.customer_id)),
            sessions=text.count_text(one.session_count),
            session_count=one.session_count,
            width=bar_width(one.session_count, longest=longest),
            conversations=text.count_text(one.conversation_count),
            last=text.instant_text(one.last_started_us, zone=zone, seconds=False),
        )
        for one in customers
    )
