"""URLs of customers, with IDs in the query, since they can be any text."""

from django.urls import URLPattern, path

from botmeter.web.pages.customer.merge import merge_page
from botmeter.web.pages.customer.page import customer_page
from botmeter.web.pages.customer.search import customers_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/customers", customers_page, name="customers"),
    path("a/<account>/customers/same", merge_page, name="merge-customers"),
    path("a/<account>/customer", customer_page, name="customer"),
]
