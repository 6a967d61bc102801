"""What people of a platform's course become in courses here, off by default, and who became what by which launch."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ROLES = [
    ("staff", "course staff"),
    ("limited_staff", "limited staff: as course staff, without Studio"),
    ("beta_testers", "beta tester: sees content early"),
]
WAYS = [
    ("admin", "admin"),
    ("api", "API"),
    ("invitation", "invitation"),
    ("launch", "launch"),
    ("clean-up", "clean-up"),
]
FIELDS = (
    ("instructor_role", "instructors become"),
    ("assistant_role", "teaching assistants become"),
    ("designer_role", "content developers become"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("lti_1p3_provider", "0023_fleet"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name="registration",
                name=name,
                field=models.CharField(blank=True, choices=ROLES, default="", max_length=16, verbose_name=label),
            )
            for name, label in FIELDS
        ),
        migrations.AddField(model_name="grant", name="taught_link_pk", field=models.BigIntegerField(blank=True, null=True)),
        migrations.AlterField(
            model_name="change", name="way", field=models.CharField(choices=WAYS, max_length=16)
        ),
        migrations.CreateModel(
            name="CourseRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("course_key", models.CharField(max_length=255)),
                ("course_digest", models.CharField(max_length=64)),
                ("role", models.CharField(max_length=16)),
                ("because", models.CharField(max_length=16)),
                ("given_at", models.DateTimeField(auto_now_add=True)),
                (
                    "deployment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="lti_1p3_provider.deployment",
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
                        fields=("user", "course_digest", "deployment"), name="lti1p3_course_role_identity"
                    )
                ],
            },
        ),
    ]
