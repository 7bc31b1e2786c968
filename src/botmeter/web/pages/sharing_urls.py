"""Addresses of what is kept and handed on of a report."""

from django.urls import path

from botmeter.web.pages.sharing.saved_views import views

urlpatterns = [path("a/<slug:account>/views", views, name="views")]
