"""The Django app that holds people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Configuration of the app."""

    name = "botmeter.people"
    label = "people"
