"""Addresses of keys."""

from django.urls import URLPattern, path

from botmeter.web.pages.account.keys import key_replaced, key_revoked, keys

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/keys", keys, name="keys"),
    path("a/<account>/admin/keys/replace", key_replaced, name="key-replace"),
    path("a/<account>/admin/keys/<int:key>/revoke", key_revoked, name="key-revoke"),
]
