"""Enrolments by rosters outlive an account that gave way; and whom rosters tried in vain waits for those not tried yet."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def drop_given_up(apps: Any, schema_editor: Any) -> None:
    """Delete what the version of before cannot store. The enrolments stay, as they did there."""
    rows = apps.get_model("lti_1p3_provider", "EnrolledAhead").objects.using(schema_editor.connection.alias)
    rows.filter(platform_user=None).delete()


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0035_proved_keys")]

    operations = [
        migrations.AlterField(
            model_name="enrolledahead",
            name="platform_user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="enrolled_ahead",
                to="lti_1p3_provider.platformuser",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_given_up),  # undone before the column changes
        migrations.AddField(model_name="enrolledahead", name="refused_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="member", name="refused_at", field=models.DateTimeField(null=True)),
    ]
