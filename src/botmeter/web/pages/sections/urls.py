"""URLs of the sections, and short ones of an account."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from botmeter.web.access import for_everyone
from botmeter.web.pages.sections.reports import reports

# A redirect reveals nothing; its target requires sign-in.
_report = for_everyone(RedirectView.as_view(pattern_name="report"))
_billing = for_everyone(RedirectView.as_view(pattern_name="billing"))

urlpatterns: list[URLPattern] = [
    path("a/<slug:account>", _report, name="account"),
    path("a/<slug:account>/admin", _billing, name="admin"),
    path("a/<slug:account>/reports", reports, name="reports"),
]
