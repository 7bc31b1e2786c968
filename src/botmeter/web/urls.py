"""URLs of the server; an account's are under `a/<account>/`."""

from django.urls import include, path

from botmeter.web import health
from botmeter.web.home import home

urlpatterns = [
    path("", home, name="home"),
    path("metrics", health.metrics, name="metrics"),
    path("api/", include("botmeter.web.api.urls")),
    path("", include("botmeter.web.pages.people.urls")),
    path("", include("botmeter.web.pages.account.urls")),
    path("", include("botmeter.web.pages.notifications.urls")),
    path("", include("botmeter.web.pages.alerts.urls")),
    path("", include("botmeter.web.pages.sources.urls")),
    path("", include("botmeter.web.pages.imports.urls")),
    path("", include("botmeter.web.pages.quarantine.urls")),
    path("", include("botmeter.web.pages.destinations.urls")),
    path("", include("botmeter.web.pages.sections.urls")),
    path("", include("botmeter.web.pages.billing.urls")),
    path("", include("botmeter.web.pages.report.urls")),
    path("", include("botmeter.web.pages.session.urls")),
    path("", include("botmeter.web.pages.customer.urls")),
    path("", include("botmeter.web.pages.bots.urls")),
    path("", include("botmeter.web.pages.sharing.urls")),
    path("", include("botmeter.web.pages.schedules.urls")),
    path("", include("botmeter.web.pages.undo")),
]

handler400 = "botmeter.web.failures.bad_request"
handler403 = "botmeter.web.failures.forbidden"
handler404 = "botmeter.web.failures.missing"
handler500 = "botmeter.web.failures.server_error"
