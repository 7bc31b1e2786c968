"""URLs of settings, policies, keys and the audit log."""

from django.urls import URLPattern, path

from botmeter.web.pages.account import audit_log, counting, deletion, keys, policy_change, settings

urlpatterns: list[URLPattern] = [
    path("a/<slug:account>/counting", counting.counting, name="counting"),
    path("a/<account>/admin/audit", audit_log.audit, name="audit"),
    path("a/<account>/admin/settings", settings.settings, name="settings"),
    path("a/<account>/admin/settings/policy", policy_change.policy_change, name="settings-policy"),
    path("a/<account>/admin/settings/delete", deletion.account_deletion, name="account-deletion"),
    path("a/<account>/admin/keys", keys.keys, name="keys"),
    path("a/<account>/admin/keys/replace", keys.key_replacement, name="key-replace"),
    path("a/<account>/admin/keys/<int:key>/revoke", keys.key_revocation, name="key-revoke"),
]
