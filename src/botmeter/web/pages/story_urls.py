"""Addresses of stories: one session, one conversation, one customer, and the bots."""

from django.urls import URLPattern, path

from botmeter.web.pages.session_story_page import session_page

urlpatterns: list[URLPattern] = [
    path("a/<str:account>/sessions/<str:session>", session_page, name="session"),
]
