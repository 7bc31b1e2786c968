"""The Django app that holds people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Users, memberships, links, keys, views and the audit log."""

    name = "botmeter.people"
    label = "people"
