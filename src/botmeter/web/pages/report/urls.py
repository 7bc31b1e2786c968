"""URLs of entry pages, reports, widgets and rows."""

from django.urls import path
from django.views.generic import RedirectView

from botmeter.web.access import for_everyone
from botmeter.web.pages.report import entry_points, views
from botmeter.web.pages.report.rows import views as rows_views

_REPORT = "a/<slug:account>/reports/bot-session-consumption"
_BILLING = "a/<slug:account>/admin/billing/session-usage-reports"

# A redirect reveals nothing; its target requires sign-in.
_reports = for_everyone(RedirectView.as_view(pattern_name="reports"))
_billing = for_everyone(RedirectView.as_view(pattern_name="billing"))

urlpatterns = [
    # Short URLs.
    path("a/<slug:account>", _reports, name="account"),
    path("a/<slug:account>/admin", _billing, name="admin"),
    path("a/<slug:account>/reports", entry_points.reports, name="reports"),
    path("a/<slug:account>/admin/billing", entry_points.billing, name="billing"),
    path(_REPORT, views.report, name="report"),
    path(_BILLING, views.billing_report, name="billing-report"),
    path(f"{_REPORT}/fresh", views.report_fresh, name="report-fresh"),
    path(f"{_BILLING}/fresh", views.billing_fresh, name="billing-report-fresh"),
    path(f"{_REPORT}/widgets/<slug:name>", views.widget, name="widget"),
    path(f"{_REPORT}/rows", rows_views.rows, name="rows"),
    path(f"{_REPORT}/rows/export.<slug:format>", rows_views.export, name="export"),
    path(f"{_REPORT}/filters/<slug:field>", views.choices, name="choices"),
]
