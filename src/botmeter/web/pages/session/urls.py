"""Addresses of stories: one session, one conversation, one customer, and the bots.

An id can be any text, so it stands in the query.
"""

from django.urls import URLPattern, path

from botmeter.web.pages.bots.page import bots_page
from botmeter.web.pages.customer.merge import same_customer
from botmeter.web.pages.customer.page import customer_page
from botmeter.web.pages.customer.search import customers_page
from botmeter.web.pages.session.conversation_page import conversation_page
from botmeter.web.pages.session.page import session_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/bots", bots_page, name="bots"),
    path("a/<account>/customers", customers_page, name="customers"),
    path("a/<account>/customers/same", same_customer, name="same-customer"),
    path("a/<account>/customer", customer_page, name="customer"),
    path("a/<account>/conversation", conversation_page, name="conversation"),
    path("a/<account>/sessions/<session>", session_page, name="session"),
]
