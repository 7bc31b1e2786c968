"""Addresses of stories: one session, one conversation, one customer, and the bots.

An id can be any text, so it stands in the query.
"""

from django.urls import URLPattern, path

from botmeter.web.pages.bots_page import bots_page
from botmeter.web.pages.conversation_page import conversation_page
from botmeter.web.pages.customer_merging import same_customer
from botmeter.web.pages.customer_page import customer_page
from botmeter.web.pages.customers_page import customers_page
from botmeter.web.pages.session_story_page import session_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/bots", bots_page, name="bots"),
    path("a/<account>/customers", customers_page, name="customers"),
    path("a/<account>/customers/same", same_customer, name="same-customer"),
    path("a/<account>/customer", customer_page, name="customer"),
    path("a/<account>/conversation", conversation_page, name="conversation"),
    path("a/<account>/sessions/<session>", session_page, name="session"),
]
