"""Lanes, outages, and what a pending score knows; rows that are there already get their registration and lane."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """Give each pending score the registration of its person and the lane of its link's course."""
    scores = apps.get_model("lti_1p3_provider", "PendingScore")
    lanes = apps.get_model("lti_1p3_provider", "Lane")
    for score in scores.objects.select_related("line_item__resource_link", "platform_user").iterator():
        link = score.line_item.resource_link
        name = f"{link.deployment_id}:{link.context_id or 0}"
        lane, _ = lanes.objects.get_or_create(name=name, defaults={"deployment_id": link.deployment_id})
        registration = score.platform_user.registration_id
        scores.objects.filter(pk=score.pk).update(registration_id=registration, lane_id=lane.pk)


def nothing(apps: Any, schema_editor: Any) -> None:
    """There is nothing to take back: the columns go."""


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0002_profile_and_login_digests")]

    operations = [
        migrations.CreateModel(
            name="Lane",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64, unique=True)),
                ("lease", models.CharField(blank=True, max_length=32)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.deployment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="lti_1p3_provider.registration",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(max_length=255)),
            ],
        ),
        migrations.AddField("lineitem", "maximum", models.FloatField(blank=True, null=True)),
        migrations.AddField("lineitem", "created_here", models.BooleanField(default=False)),
        migrations.AddField("lineitem", "trouble", models.CharField(blank=True, max_length=255)),
        migrations.AddField("pendingscore", "earned", models.FloatField(blank=True, null=True)),
        migrations.AddField("pendingscore", "possible", models.FloatField(blank=True, null=True)),
        migrations.AddField("pendingscore", "changed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("pendingscore", "deliveries", models.PositiveIntegerField(default=0)),
        migrations.AddField("pendingscore", "result_given", models.FloatField(blank=True, null=True)),
        migrations.AddField("pendingscore", "result_maximum", models.FloatField(blank=True, null=True)),
        migrations.AddField("pendingscore", "result_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "pendingscore",
            "registration",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lti_1p3_provider.registration",
            ),
        ),
        migrations.AddField(
            "pendingscore",
            "lane",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lti_1p3_provider.lane",
            ),
        ),
        migrations.RunPython(fill, nothing),
        migrations.AlterField(
            "pendingscore",
            "registration",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lti_1p3_provider.registration",
            ),
        ),
        migrations.AlterField(
            "pendingscore",
            "lane",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lti_1p3_provider.lane",
            ),
        ),
        migrations.RemoveIndex("pendingscore", "lti1p3_score_due"),
        migrations.AddIndex("pendingscore", models.Index(fields=["registration", "due_at"], name="lti1p3_score_due")),
    ]
