"""Database of users: setup and migrations."""

from pathlib import Path

from botmeter.domain.settings import export


def open_people(folder: Path, *, django_settings: str) -> None:
    """Set up Django and migrate the database, once per process; safe beside a running server."""
    from django.conf import settings

    if settings.configured:
        return
    export(django_settings=django_settings, data_dir=str(folder))
    set_up()


def set_up() -> None:
    """Set up Django by the exported settings; migrate."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # Private: it holds password hashes. SQLite creates its other files with the same mode.
        file = Path(database["NAME"])
        file.touch(mode=0o600)
        file.chmod(0o600)
    call_command("migrate", verbosity=0, interactive=False)


class PeopleUnreachable(Exception):
    """The database does not answer."""


def unapplied_count(folder: Path, *, django_settings: str) -> int:
    """Number of pending migrations; raises `PeopleUnreachable`."""
    from django.conf import settings

    if not settings.configured:
        export(django_settings=django_settings, data_dir=str(folder))
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
