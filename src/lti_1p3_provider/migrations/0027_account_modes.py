"""Which accounts a registration's new people get, and which of its people chose one that they had."""

from django.db import migrations, models

MODES = [
    ("new", "a new account"),
    ("existing_with_proof", "a new account, or one that they have and sign in to"),
    ("existing_only", "an account that they have and sign in to"),
]
WAYS = [
    ("admin", "admin"),
    ("api", "API"),
    ("invitation", "invitation"),
    ("launch", "launch"),
    ("command", "command"),
    ("clean-up", "clean-up"),
]


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0026_course_roles")]

    operations = [
        *(
            migrations.AddField(
                "registration",
                name,
                models.CharField(label, choices=MODES, default="new", max_length=24),
            )
            for name, label in (("learner_accounts", "learners get"), ("teacher_accounts", "teachers get"))
        ),
        migrations.AlterField("change", "way", models.CharField(choices=WAYS, max_length=16)),
        migrations.AddField("platformuser", "linked", models.BooleanField(default=False)),
    ]
