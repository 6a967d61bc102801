"""The trail names management commands as a way of changes."""

from django.db import migrations, models

WAYS = [
    ("admin", "admin"),
    ("api", "API"),
    ("invitation", "invitation"),
    ("launch", "launch"),
    ("clean-up", "clean-up"),
    ("command", "command"),
]


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0026_course_roles")]

    operations = [
        migrations.AlterField(
            model_name="change", name="way", field=models.CharField(choices=WAYS, max_length=16)
        ),
    ]
