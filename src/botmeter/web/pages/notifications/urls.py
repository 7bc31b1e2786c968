"""URLs of notifications."""

from django.urls import URLPattern, path

from botmeter.web.pages.notifications import resending, sent

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/notifications", sent.notifications, name="notifications"),
    path("a/<account>/admin/notifications/test", resending.test_email, name="test-email"),
    path("a/<account>/admin/notifications/<uuid:notification>/again", resending.again, name="notification-again"),
]
