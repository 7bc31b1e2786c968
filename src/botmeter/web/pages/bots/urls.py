"""URLs of bots."""

from django.urls import URLPattern, path

from botmeter.web.pages.bots.cost_centres import cost_centres
from botmeter.web.pages.bots.page import bots_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/bots", bots_page, name="bots"),
    path("a/<account>/bots/cost-centres", cost_centres, name="cost-centres"),
]
