from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.recorder import MigrationRecorder

# Tables of django-axes, whose limits are now ours; in the order of their references.
_TABLES = ("axes_accessattemptexpiration", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog")


def drop_axes(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    existing = editor.connection.introspection.table_names()
    for table in _TABLES:
        if table in existing:
            editor.execute(editor.sql_delete_table % {"table": editor.quote_name(table)})
    MigrationRecorder(editor.connection).migration_qs.filter(app="axes").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_sealed_second_factor"),
    ]

    operations = [
        migrations.CreateModel(
            name="AttemptCount",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("blocked_until", models.DateTimeField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(drop_axes, migrations.RunPython.noop),
    ]
