"""What an invitation says of people, as their registration does: which accounts they get, and what teachers become."""

from django.db import migrations, models

MODES = [
    ("new", "a new account"),
    ("existing_with_proof", "a new account, or one that they have and sign in to"),
    ("existing_only", "an account that they have and sign in to"),
]
ROLES = [
    ("staff", "course staff"),
    ("limited_staff", "limited staff: as course staff, without Studio"),
    ("beta_testers", "beta tester: sees content early"),
]
ACCOUNTS = (("learner_accounts", "learners get"), ("teacher_accounts", "teachers get"))
BECOME = (
    ("instructor_role", "instructors become"),
    ("assistant_role", "teaching assistants become"),
    ("designer_role", "content developers become"),
)


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0030_rosters")]

    operations = [
        *(
            migrations.AddField(
                "invitation", name, models.CharField(label, choices=MODES, default="new", max_length=24)
            )
            for name, label in ACCOUNTS
        ),
        *(
            migrations.AddField(
                "invitation", name, models.CharField(label, blank=True, choices=ROLES, default="", max_length=16)
            )
            for name, label in BECOME
        ),
    ]
