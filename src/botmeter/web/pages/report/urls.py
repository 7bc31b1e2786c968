"""URLs of reports, widgets and rows."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from botmeter.people.rights import Right
from botmeter.web.access import for_member
from botmeter.web.pages.report import day_notes, views, widget_exports
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.report.rows import exports
from botmeter.web.pages.report.rows import views as rows_views

_REPORTS = "a/<slug:account>/reports/bot-session-consumption"
_BILLING = "a/<slug:account>/admin/billing/session-usage-reports"


def _in_reports(route: str, view: Callable[..., HttpResponseBase], *, name: str) -> URLPattern:
    return _path(_REPORTS + route, view, name=name, right=Right.SEE_REPORTS, entry_point=EntryPoint.REPORTS)


def _in_billing(route: str, view: Callable[..., HttpResponseBase], *, name: str) -> URLPattern:
    return _path(_BILLING + route, view, name=name, right=Right.SEE_BILLING, entry_point=EntryPoint.BILLING)


def _path(route: str, view: Callable[..., HttpResponseBase], *, name: str, right: Right, **more: Any) -> URLPattern:
    return path(route, for_member(right)(view), more, name=name)


urlpatterns = [
    _in_reports("", views.report, name="report"),
    _in_reports("/fresh", views.fresh, name="report-fresh"),
    _in_reports("/widgets/<slug:name>", views.widget, name="widget"),
    _in_reports("/rows", rows_views.rows, name="rows"),
    _in_reports("/filters/<slug:field>", views.choices, name="choices"),
    _in_billing("", views.report, name="billing-report"),
    _in_billing("/fresh", views.fresh, name="billing-report-fresh"),
    _in_billing("/widgets/<slug:name>", views.widget, name="billing-widget"),
    _in_billing("/rows", rows_views.rows, name="billing-rows"),
    _in_billing("/filters/<slug:field>", views.choices, name="billing-choices"),
    path(f"{_REPORTS}/widgets/<slug:name>/export.<slug:format>", widget_exports.widget_export, name="widget-export"),
    path(f"{_REPORTS}/rows/export.<slug:format>", exports.export, name="export"),
    path(f"{_REPORTS}/rows/exports/<slug:name>", exports.export_progress, name="export-progress"),
    path("a/<slug:account>/notes", day_notes.notes, name="day-notes"),
    path("a/<slug:account>/notes/<int:note>", day_notes.note, name="day-note"),
]
