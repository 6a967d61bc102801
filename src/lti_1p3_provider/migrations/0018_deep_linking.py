"""Requests of platforms for content, until they are answered."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0017_no_answers_in_words")]

    operations = [
        migrations.CreateModel(
            name="DeepLinkingRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("message", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("chosen", models.PositiveSmallIntegerField(null=True)),
                (
                    "context",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="lti_1p3_provider.context",
                    ),
                ),
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
    ]
