"""URLs of billing."""

from django.urls import URLPattern, path

from botmeter.web.pages.billing.overview import billing

_BILLING = "a/<slug:account>/admin/billing"

urlpatterns: list[URLPattern] = [
    path(_BILLING, billing, name="billing"),
]
