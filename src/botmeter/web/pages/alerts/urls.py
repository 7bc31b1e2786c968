"""URLs of alerts."""

from django.urls import URLPattern, path

from botmeter.web.pages.alerts.alert_page import alert, new_alert
from botmeter.web.pages.alerts.list_page import alerts

urlpatterns: list[URLPattern] = [
    path("a/<slug:account>/admin/alerts", alerts, name="alerts"),
    path("a/<slug:account>/admin/alerts/new", new_alert, name="new-alert"),
    path("a/<slug:account>/admin/alerts/<int:alert>", alert, name="alert"),
]
