"""Django app of people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Configuration of the app."""

    name = "botmeter.people"
    label = "people"

    def import_models(self) -> None:
        super().import_models()
        # Beside `models`, which their modules import.
        from botmeter.people.notifications import alert_models, models, schedule_models  # noqa: F401
