"""Counts by day, and what the pages about scores search by."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0004_due_by_lane")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("delivered", models.PositiveIntegerField(default=0)),
                ("postponed", models.PositiveIntegerField(default=0)),
                ("parked", models.PositiveIntegerField(default=0)),
                (
                    "registration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.registration",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(fields=("registration", "day"), name="lti1p3_tally_identity"),
        ),
        migrations.AddIndex(
            model_name="lineitem", index=models.Index(fields=["course_key"], name="lti1p3_item_course")
        ),
        migrations.AddIndex(
            model_name="pendingscore",
            index=models.Index(fields=["registration", "parked"], name="lti1p3_score_parked"),
        ),
    ]
