"""URLs of billing."""

from django.urls import URLPattern, path

from botmeter.web.pages.billing.budgets import budgets_page
from botmeter.web.pages.billing.overview import billing
from botmeter.web.pages.billing.plan_page import plan_page
from botmeter.web.pages.billing.purchases import purchases_page
from botmeter.web.pages.billing.reconcile.bill_page import bill, bill_differences
from botmeter.web.pages.billing.reconcile.list_page import bills
from botmeter.web.pages.billing.reconcile.upload import bill_upload
from botmeter.web.pages.billing.session_list import billed_session, cycle_sessions, statement_session_list
from botmeter.web.pages.billing.statement_downloads import statement_download
from botmeter.web.pages.billing.statement_list import statements_page
from botmeter.web.pages.billing.statement_page import cycle_statement, statement
from botmeter.web.pages.billing.what_if_page import what_if_page
from botmeter.web.pages.billing.what_if_sessions import what_if_sessions

_BILLING = "a/<slug:account>/admin/billing"

urlpatterns: list[URLPattern] = [
    path(_BILLING, billing, name="billing"),
    path(f"{_BILLING}/plan", plan_page, name="billing-plan"),
    path(f"{_BILLING}/purchases", purchases_page, name="billing-purchases"),
    path(f"{_BILLING}/budgets", budgets_page, name="billing-budgets"),
    path(f"{_BILLING}/what-if", what_if_page, name="billing-what-if"),
    path(f"{_BILLING}/what-if/sessions", what_if_sessions, name="what-if-sessions"),
    path(f"{_BILLING}/session", billed_session, name="billed-session"),
    path(f"{_BILLING}/cycles/<slug:day>", cycle_statement, name="cycle-statement"),
    path(f"{_BILLING}/cycles/<slug:day>/sessions", cycle_sessions, name="cycle-sessions"),
    path(f"{_BILLING}/statements", statements_page, name="statements"),
    path(f"{_BILLING}/statements/<slug:number>", statement, name="statement"),
    path(f"{_BILLING}/statements/<slug:number>/sessions", statement_session_list, name="statement-sessions"),
    path(f"{_BILLING}/statements/<slug:number>/files/<str:form>", statement_download, name="statement-download"),
    path(f"{_BILLING}/reconcile", bills, name="bills"),
    path(f"{_BILLING}/reconcile/upload/<ticket>", bill_upload, name="bill-upload"),
    path(f"{_BILLING}/reconcile/<slug:file>", bill, name="bill"),
    path(f"{_BILLING}/reconcile/<slug:file>/differences.csv", bill_differences, name="bill-differences"),
]
