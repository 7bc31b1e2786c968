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
    _name_settings(folder)
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


class PeopleUnreachable(Exception):
    """The people's database does not answer; the message is its own."""


def unapplied_count(folder: Path) -> int:
    """How many changes of the people's tables are still to be made; makes none itself.

    Raises:
        PeopleUnreachable: The database does not answer.
    """
    from django.conf import settings

    if not settings.configured:
        _name_settings(folder)
        import django

        django.setup()
    from django.db import DatabaseError, close_old_connections, connection
    from django.db.migrations.executor import MigrationExecutor

    close_old_connections()
    try:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as problem:
        raise PeopleUnreachable(str(problem)) from problem


def _name_settings(folder: Path) -> None:
    os.environ["BOTMETER_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "botmeter.web.settings"
