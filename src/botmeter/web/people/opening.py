"""The people's database for a process that is no server: a command that makes keys or users."""

import os
from pathlib import Path


def open_people(folder: Path) -> None:
    """Sets Django up on the data folder's people, and brings their database up to date.

    A server that runs on the folder is not disturbed: the database itself takes turns. A process in
    which Django is set up already keeps what it has.
    """
    from django.conf import settings

    if settings.configured:
        return
    set_up(folder)


def set_up(folder: Path) -> None:
    """Sets Django up on the data folder, its own settings, a database brought up to date."""
    os.environ["BOTMETER_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "botmeter.web.settings"
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # It holds hashes of passwords. SQLite gives the files that it makes beside it the same mode.
        file = Path(database["NAME"])
        file.touch(mode=0o600)
        file.chmod(0o600)
    call_command("migrate", verbosity=0, interactive=False)
