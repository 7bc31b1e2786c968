"""Addresses of the report: the way in, the report itself, its rows, its stories."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
