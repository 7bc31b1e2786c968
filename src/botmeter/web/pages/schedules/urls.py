"""URLs of schedules."""

from django.urls import path

from botmeter.web.pages.schedules import list_page, schedule_page

urlpatterns = [
    path("a/<slug:account>/schedules", list_page.schedules, name="schedules"),
    path("a/<slug:account>/schedules/new", schedule_page.new_schedule, name="schedule-new"),
    path("a/<slug:account>/schedules/<int:schedule>", schedule_page.schedule, name="schedule"),
]
