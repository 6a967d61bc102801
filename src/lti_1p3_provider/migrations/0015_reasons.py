"""Reasons are values, with the platform's status and its own words beside them; what was a sentence becomes the detail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0014_declined_columns")]

    operations = [
        migrations.RenameField("pendingscore", "last_answer", "detail"),
        migrations.AddField("pendingscore", "reason", models.CharField(blank=True, max_length=32)),
        migrations.AddField("pendingscore", "http_status", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("pendingscore", "given_up", models.BooleanField(default=False)),
        migrations.RenameField("lineitem", "trouble", "detail"),
        migrations.AddField("lineitem", "reason", models.CharField(blank=True, max_length=32)),
        migrations.AddField("lineitem", "http_status", models.PositiveSmallIntegerField(default=0)),
        migrations.RenameField("outage", "reason", "detail"),
        migrations.AlterField("outage", "detail", models.CharField(blank=True, max_length=255)),
        migrations.AddField("outage", "reason", models.CharField(blank=True, max_length=32)),
        migrations.AddField("outage", "http_status", models.PositiveSmallIntegerField(default=0)),
        migrations.AddIndex(
            "pendingscore", models.Index(fields=["registration", "given_up"], name="lti1p3_score_given_up")
        ),
    ]
