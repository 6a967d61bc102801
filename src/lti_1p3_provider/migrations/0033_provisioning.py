"""Accounts and enrolments before the first launch, off by default; what rosters gave, and whom they bring no more."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

AHEAD_WAYS = [
    ("enrol", "make accounts and enrol"),
    ("enrol_and_unenrol", "make accounts, enrol, and unenrol those who left the platform's course"),
]
WAYS = [
    ("admin", "admin"),
    ("api", "API"),
    ("invitation", "invitation"),
    ("launch", "launch"),
    ("roster", "roster"),
    ("command", "command"),
    ("clean-up", "clean-up"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("lti_1p3_provider", "0030_rosters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="registration",
            name="ahead_way",
            field=models.CharField(
                blank=True,
                choices=AHEAD_WAYS,
                default="",
                help_text=(
                    "When a platform's list of a course's people is read, learners on it get an account and an "
                    "enrolment, in courses that the gate opens whole. Nobody is unenrolled who was not enrolled so. "
                    "Empty: a launch does it."
                ),
                max_length=24,
                verbose_name="before people come",
            ),
        ),
        migrations.AddField(model_name="platformuser", name="ahead", field=models.BooleanField(default=False)),
        migrations.AddIndex(
            model_name="platformuser", index=models.Index(fields=["ahead", "created_at"], name="lti1p3_user_ahead")
        ),
        migrations.AddField(model_name="roster", name="ahead", field=models.JSONField(default=dict)),
        migrations.AlterField(model_name="change", name="way", field=models.CharField(choices=WAYS, max_length=16)),
        migrations.CreateModel(
            name="EnrolledAhead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("course_key", models.CharField(max_length=255)),
                ("course_digest", models.CharField(max_length=64)),
                ("mode", models.CharField(max_length=32)),
                ("given_at", models.DateTimeField(auto_now_add=True)),
                ("taken_at", models.DateTimeField(null=True)),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.platformuser",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("context", "user", "course_digest"), name="lti1p3_ahead_identity"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotAhead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_digest", models.CharField(max_length=64)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("registration", "subject_digest"), name="lti1p3_not_ahead_identity")
                ],
            },
        ),
    ]
