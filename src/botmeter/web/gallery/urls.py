"""URLs of a development server with the gallery."""

from django.urls import URLPattern, URLResolver, include, path

from botmeter.web.gallery.page import gallery

urlpatterns: list[URLPattern | URLResolver] = [
    path("parts", gallery, name="gallery"),
    path("", include("botmeter.web.urls")),
]

handler400 = "botmeter.web.failures.bad_request"
handler403 = "botmeter.web.failures.forbidden"
handler404 = "botmeter.web.failures.missing"
handler500 = "botmeter.web.failures.server_error"
