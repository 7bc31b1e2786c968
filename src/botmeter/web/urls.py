"""Every address of the server. A page of an account stands under `a/<account>/`."""

from django.urls import include, path

from botmeter.web.pages import health
from botmeter.web.pages.home import home
from botmeter.web.pages.parts import parts

urlpatterns = [
    path("", home, name="home"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("parts", parts, name="parts"),
    path("api/", include("botmeter.web.api.urls")),
    path("", include("botmeter.web.pages.people_urls")),
    path("", include("botmeter.web.pages.keys_urls")),
    path("", include("botmeter.web.pages.sources_urls")),
    path("", include("botmeter.web.pages.report_urls")),
    path("", include("botmeter.web.pages.story_urls")),
    path("", include("botmeter.web.pages.sharing_urls")),
]

handler400 = "botmeter.web.failures.bad_request"
handler403 = "botmeter.web.failures.forbidden"
handler404 = "botmeter.web.failures.missing"
handler500 = "botmeter.web.failures.server_error"
