"""Customer search by ID, and the top customers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect

from botmeter.domain import text
from botmeter.domain.errors import Missing
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.customers import counted_customer
from botmeter.people.rights import Right
from botmeter.reports.customers import customer_calendar, top_customers
from botmeter.reports.filter_values import filter_values
from botmeter.reports.filters import filter_named
from botmeter.reports.query import RequestedDays, UsageQuery, usage_query
from botmeter.web.access import Visit, for_member
from botmeter.web.components import bar_width, longest_of
from botmeter.web.entity_urls import EntityUrls
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

TOP_COUNT: Final = 25
_ID_LETTERS_MAX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomer:
    """A customer found by the search."""

    customer_id: str
    customer: Word
    sessions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopCustomer:
    """A customer with many sessions."""

    customer: Word
    sessions: str
    session_count: int
    width: str
    conversations: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPage:
    """The customers of an account; `found` is None without a search."""

    frame: Frame
    action: str
    search: str
    found: tuple[FoundCustomer, ...] | None
    is_cut: bool
    top: tuple[TopCustomer, ...]
    period: str
    start_href: str
    merge_href: str


@for_member(Right.SEE_REPORTS)
def customers_page(visit: Visit) -> HttpResponse:
    """Search customers; a full ID redirects to its page."""
    urls = EntityUrls(account=visit.account)
    search = visit.request.GET.get("search", "")[:_ID_LETTERS_MAX]
    zone, now_us = preferred_zone(visit.account), present_us()
    with visit.reading() as ledger:
        who = counted_customer(ledger, search)
        if who != search:
            return HttpResponseRedirect(urls.customer(who))
        lately = usage_query(account=ledger.account, now_us=now_us, days=RequestedDays(timezone=zone))
        found, is_cut = _found(ledger, search, urls=urls, now_us=now_us) if search else (None, False)
        if found == () and search != search.strip():
            # IDs can begin with a space, but pasted spaces are far more common.
            search = search.strip()
            found, is_cut = _found(ledger, search, urls=urls, now_us=now_us)
        if found is not None and len(found) == 1 and found[0].customer_id == search:
            return HttpResponseRedirect(urls.customer(search))
        top = _top(ledger, lately, urls=urls)
        is_empty = not ledger.touchpoints.all()
    page = CustomersPage(
        frame=frame(visit, title="Customers", current="customers", crumbs=_crumbs(urls)),
        action=urls.customers(),
        search=search,
        found=found,
        is_cut=is_cut,
        top=top,
        period=f"{text.days_text(lately.period)}, {zone}",
        start_href=urls.reports() if is_empty else "",
        merge_href=urls.merge_customers() if visit.may(Right.MERGE_CUSTOMERS) else "",
    )
    return rendered(visit.request, "customers.html", page=page)


def _crumbs(urls: EntityUrls) -> tuple[Crumb, ...]:
    return (Crumb(label="Reports", href=urls.reports()),)


def _found(
    ledger: "ReadableLedger", search: str, *, urls: EntityUrls, now_us: int
) -> tuple[tuple[FoundCustomer, ...], bool]:
    """Return customers with sessions by ID prefix, and an exact match even without."""
    always = usage_query(
        account=ledger.account,
        now_us=now_us,
        days=RequestedDays(first_on=ledger.account.available_from, last_on=day_of_us(now_us)),
    )
    values = filter_values(ledger, always, declared=filter_named("customer"), search=search)
    counts = {one.value: one.session_count for one in values.values}
    if search not in counts and _is_known(ledger, search, now_us=now_us):
        counts = {search: 0, **counts}
    found = tuple(
        FoundCustomer(
            customer_id=customer_id,
            customer=id_word(customer_id, urls.customer(customer_id)),
            sessions=text.counted(count, "session"),
        )
        for customer_id, count in sorted(counts.items(), key=lambda entry: (entry[0] != search, -entry[1], entry[0]))
    )
    return found, values.is_cut


def _is_known(ledger: "ReadableLedger", customer_id: str, *, now_us: int) -> bool:
    today_on = day_of_us(now_us)
    try:
        customer_calendar(ledger, customer_id, period=Period(first_on=today_on, last_on=today_on))
    except Missing:
        return False
    return True


def _top(ledger: "ReadableLedger", lately: UsageQuery, *, urls: EntityUrls) -> tuple[TopCustomer, ...]:
    customers = top_customers(ledger, lately, limit=TOP_COUNT)
    longest = longest_of([one.session_count for one in customers])
    zone = lately.period.timezone
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
