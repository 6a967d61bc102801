"""A key may belong to one registration, and a registration be the copy of another in a platform's test environment."""

import django.db.models.deletion
from django.db import migrations, models

from lti_1p3_provider.registrations.tool_keys import identity


def name_keys(apps, schema_editor):
    keys = apps.get_model("lti_1p3_provider", "ToolKey").objects.using(schema_editor.connection.alias)
    for pk, kid in keys.values_list("pk", "kid"):
        keys.filter(pk=pk).update(identity=identity(None, kid))


def drop_own_keys(apps, schema_editor):
    """The version before knows the site's keys only, and would sign with any for everybody."""
    keys = apps.get_model("lti_1p3_provider", "ToolKey").objects.using(schema_editor.connection.alias)
    keys.exclude(registration=None).delete()


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0020_invitations")]

    operations = [
        migrations.AddField(
            "registration",
            "production",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="siblings",
                to="lti_1p3_provider.registration",
                verbose_name="copy of",
            ),
        ),
        migrations.AddField(
            "toolkey",
            "registration",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="own_keys",
                to="lti_1p3_provider.registration",
            ),
        ),
        migrations.AddField("toolkey", "handed_over", models.BooleanField(default=False, editable=False)),
        migrations.AddField("toolkey", "identity", models.CharField(editable=False, max_length=64, null=True)),
        migrations.RunPython(name_keys, migrations.RunPython.noop),
        migrations.AlterField("toolkey", "identity", models.CharField(editable=False, max_length=64, unique=True)),
        migrations.AlterField("toolkey", "kid", models.CharField(max_length=255)),
        migrations.AlterField(
            "toolkey",
            "status",
            models.CharField(
                choices=[
                    ("standby", "published, will sign after the next rotation"),
                    ("offered", "published, was sent to the platform, signs once that accepts it"),
                    ("active", "signs"),
                    ("rotated", "published, signs no more"),
                    ("retired", "not published"),
                ],
                default="active",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_own_keys),
    ]
