"""Addresses of keys."""

from django.urls import URLPattern, path

from botmeter.web.pages.keys import key, keys

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/keys", keys, name="keys"),
    path("a/<account>/admin/keys/<int:key>", key, name="key"),
]
