"""Addresses of people: signing in, themselves, and who belongs to an account."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
