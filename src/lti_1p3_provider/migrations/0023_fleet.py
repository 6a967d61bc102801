"""Tallies of launches, and the order of the fleet.

Attempts that are there already are counted by the first clean-up, from the oldest on.
"""

import django.db.models.deletion
from django.db import migrations, models

REGISTRATION = "lti_1p3_provider.registration"


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0022_organizations_and_changes")]

    operations = [
        migrations.CreateModel(
            name="LaunchTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("succeeded", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("unproven", models.PositiveIntegerField(default=0)),
                (
                    "registration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=REGISTRATION,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["registration", "day"], name="lti1p3_launch_tally_identity")
                ],
            },
        ),
        migrations.CreateModel(
            name="LastLaunch",
            fields=[
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="last_launch",
                        serialize=False,
                        to=REGISTRATION,
                    ),
                ),
                ("launched_at", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("refusal", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="TallyMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("up_to", models.BigIntegerField(default=0)),
                ("caught_up_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "registration",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to=REGISTRATION,
                    ),
                ),
                ("word", models.PositiveSmallIntegerField(db_index=True)),
                ("looked_at", models.DateTimeField()),
            ],
            options={"verbose_name": "fleet", "verbose_name_plural": "Fleet"},
        ),
        migrations.AlterField("tally", "day", models.DateField(db_index=True)),
    ]
