"""Admin → Billing → What if → sessions."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.rated import funding_texts
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.pages.billing.session_list import WOULD, SessionList, rows_of_bill, session_list_page
from botmeter.web.pages.billing.what_if_case import name_of, what_if_case


@for_member(Right.SEE_MONEY)
def what_if_sessions(visit: Visit) -> HttpResponse:
    """List the sessions with their funding under both plans."""
    here = f"{reverse('billing-what-if', args=(visit.account,))}?{visit.request.GET.urlencode()}"
    with visit.reading() as ledger:
        case = what_if_case(visit, ledger)
        compared = case.comparison
        if compared is None or not compared.has_same_sessions:
            return redirect(here)
        rows = rows_of_bill(ledger, compared.bill)
    rows = rows.append_column(WOULD, funding_texts(compared.effect.rated.meters[0]))
    listed = SessionList(
        rows=rows,
        owner=Link(label=f"What if, {name_of(case.account_cycle)}", href=compared.page_href),
        zone=case.account_cycle.cycle.timezone,
        kept=compared.kept,
    )
    return session_list_page(visit, listed)
