"""Enrolments by rosters outlive an account that gave way; and whom rosters tried in vain waits for those not tried yet."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0035_proved_keys")]

    operations = [
        migrations.AlterField(
            model_name="enrolledahead",
            name="platform_user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="lti_1p3_provider.platformuser",
            ),
        ),
        migrations.AddField(model_name="enrolledahead", name="refused_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="member", name="refused_at", field=models.DateTimeField(null=True)),
    ]
