"""URLs of sessions and conversations."""

from django.urls import URLPattern, path

from botmeter.web.pages.session.conversation_page import conversation_page
from botmeter.web.pages.session.correction import session_correction
from botmeter.web.pages.session.export import session_export
from botmeter.web.pages.session.page import session_page

urlpatterns: list[URLPattern] = [
    path("a/<account>/conversation", conversation_page, name="conversation"),
    path("a/<account>/sessions/<session>", session_page, name="session"),
    path("a/<account>/sessions/<session>/correction", session_correction, name="session-correction"),
    path("a/<account>/sessions/<session>/export.<slug:format>", session_export, name="session-export"),
]
