"""Addresses of customers. An id can be any text, so it stands in the query."""

from django.urls import URLPattern, path

from botmeter.web.pages.customer.merge import same_customer
from botmeter.web.pages.customer.page import customer_page
from botmeter.web.pages.customer.search import customers_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/customers", customers_page, name="customers"),
    path("a/<account>/customers/same", same_customer, name="same-customer"),
    path("a/<account>/customer", customer_page, name="customer"),
]
