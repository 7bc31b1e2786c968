"""URLs of destinations."""

from django.urls import URLPattern, path

from botmeter.web.pages.destinations import destination_page, list_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/notifications/destinations", list_page.destinations, name="destinations"),
    path(
        "a/<account>/admin/notifications/destinations/<int:destination>",
        destination_page.destination,
        name="destination",
    ),
]
