"""The Django app that holds people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The app's configuration."""

    name = "botmeter.people"
    label = "people"
