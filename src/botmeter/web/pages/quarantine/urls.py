"""URLs of quarantine."""

from django.urls import URLPattern, path

from botmeter.web.pages.quarantine.download import download
from botmeter.web.pages.quarantine.page import quarantine

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/quarantine", quarantine, name="quarantine"),
    path("a/<account>/admin/quarantine/download", download, name="quarantine-download"),
]
