"""URLs of sources."""

from django.urls import URLPattern, path

from botmeter.web.pages.sources.actions import source
from botmeter.web.pages.sources.identities_page import identities
from botmeter.web.pages.sources.list_page import sources

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/sources", sources, name="sources"),
    path("a/<account>/admin/sources/<source>", source, name="source"),
    path("a/<account>/admin/bot-identities", identities, name="bot-identities"),
]
