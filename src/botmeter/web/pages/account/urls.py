"""URLs of settings, policies, keys and the audit log."""

from django.urls import URLPattern, path

from botmeter.web.pages.account.audit_log import audit
from botmeter.web.pages.account.counting import counting
from botmeter.web.pages.account.keys import key_replacement, key_revocation, keys
from botmeter.web.pages.account.policy_change import policy_change
from botmeter.web.pages.account.settings import settings

urlpatterns: list[URLPattern] = [
    path("a/<slug:account>/counting", counting, name="counting"),
    path("a/<account>/admin/audit", audit, name="audit"),
    path("a/<account>/admin/settings", settings, name="settings"),
    path("a/<account>/admin/settings/policy", policy_change, name="settings-policy"),
    path("a/<account>/admin/keys", keys, name="keys"),
    path("a/<account>/admin/keys/replace", key_replacement, name="key-replace"),
    path("a/<account>/admin/keys/<int:key>/revoke", key_revocation, name="key-revoke"),
]
