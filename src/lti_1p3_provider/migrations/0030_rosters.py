"""Where platforms say who is in their courses, and the least of what they said."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0028_lti_1p1")]

    operations = [
        migrations.AddField(
            model_name="context", name="memberships_url", field=models.TextField(blank=True, default="")
        ),
        migrations.CreateModel(
            name="Roster",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(null=True)),
                ("complete", models.BooleanField(default=False)),
                ("tried_at", models.DateTimeField(null=True)),
                ("failure", models.CharField(blank=True, max_length=64)),
                (
                    "context",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.context",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_digest", models.CharField(max_length=64)),
                ("roles", models.CharField(blank=True, max_length=255)),
                ("status", models.CharField(max_length=8)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField(db_index=True)),
                (
                    "context",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.context",
                    ),
                ),
                (
                    "platform_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.platformuser",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("context", "subject_digest"), name="lti1p3_member_identity")
                ],
            },
        ),
    ]
