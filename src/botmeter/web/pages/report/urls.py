"""URLs of entry pages, reports, widgets and rows."""

from django.urls import path
from django.views.generic import RedirectView

from botmeter.people.rights import Right
from botmeter.web.access import for_everyone, for_member
from botmeter.web.pages.report import entry_points, views
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.report.rows import views as rows_views

_REPORT = "a/<slug:account>/reports/bot-session-consumption"
_BILLING = "a/<slug:account>/admin/billing/session-usage-reports"

# A redirect reveals nothing; its target requires sign-in.
_reports = for_everyone(RedirectView.as_view(pattern_name="reports"))
_billing = for_everyone(RedirectView.as_view(pattern_name="billing"))

_IN_REPORTS = {"entry_point": EntryPoint.REPORTS}
_IN_BILLING = {"entry_point": EntryPoint.BILLING}

urlpatterns = [
    # Short URLs.
    path("a/<slug:account>", _reports, name="account"),
    path("a/<slug:account>/admin", _billing, name="admin"),
    path("a/<slug:account>/reports", entry_points.reports, name="reports"),
    path("a/<slug:account>/admin/billing", entry_points.billing, name="billing"),
    path(_REPORT, for_member(Right.SEE_REPORTS)(views.report), _IN_REPORTS, name="report"),
    path(_BILLING, for_member(Right.SEE_BILLING)(views.report), _IN_BILLING, name="billing-report"),
    path(f"{_REPORT}/fresh", for_member(Right.SEE_REPORTS)(views.fresh), _IN_REPORTS, name="report-fresh"),
    path(f"{_BILLING}/fresh", for_member(Right.SEE_BILLING)(views.fresh), _IN_BILLING, name="billing-report-fresh"),
    path(f"{_REPORT}/widgets/<slug:name>", views.widget, name="widget"),
    path(f"{_REPORT}/rows", rows_views.rows, name="rows"),
    path(f"{_REPORT}/rows/export.<slug:format>", rows_views.export, name="export"),
    path(f"{_REPORT}/filters/<slug:field>", views.choices, name="choices"),
]
