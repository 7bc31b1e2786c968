"""Report from which a view is saved or shared."""

from typing import Final

from django import forms
from django.http import HttpRequest

from botmeter.web.access import Visit
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.sharing.saved_address import address_of_query, canonical_query
from botmeter.web.report_address import read_address

BACK: Final = "back"
"""Parameter that names the report unless it is that of Reports."""
_ENTRY_POINTS: Final = (EntryPoint.REPORTS, EntryPoint.BILLING)


class ReportStateForm(forms.Form):
    """View, and the report that shows it."""

    query = forms.CharField(widget=forms.HiddenInput, required=False)
    back = forms.ChoiceField(
        widget=forms.HiddenInput, required=False, choices=[(each.value, each.value) for each in _ENTRY_POINTS]
    )


def shown_state(request: HttpRequest) -> dict[str, str]:
    """Values of `ReportStateForm` from a page's address."""
    return {"query": canonical_query(read_address(request.GET)), "back": request.GET.get(BACK, "")}


def report_href(visit: Visit, state: dict[str, str]) -> str:
    """Address of the report as it was."""
    entry_point = next((each for each in _ENTRY_POINTS if each == state["back"]), EntryPoint.REPORTS)
    urls = ReportUrls(owner=visit.account, entry_point=entry_point)
    return urls.report(address_of_query(state["query"]))
