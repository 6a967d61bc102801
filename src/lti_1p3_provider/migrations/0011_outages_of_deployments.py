"""An outage is a deployment's, or one of its hosts'. Outages that are known are forgotten: a few scores find them again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0010_blocks_of_people")]

    operations = [
        migrations.DeleteModel("Outage"),
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(blank=True, max_length=255)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(max_length=255)),
                (
                    "deployment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.deployment",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.registration",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "outage",
            models.UniqueConstraint(fields=["registration", "deployment", "host"], name="lti1p3_outage_identity"),
        ),
    ]
