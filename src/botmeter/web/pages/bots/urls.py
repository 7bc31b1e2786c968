"""URLs of bots."""

from django.urls import URLPattern, path

from botmeter.web.pages.bots.page import bots_page

urlpatterns: list[URLPattern] = [path("a/<account>/bots", bots_page, name="bots")]
