"""A platform may say that a link has no column, or have one of its own beside ours."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0013_confine_sessions")]

    operations = [
        migrations.AddField("lineitem", "declined", models.BooleanField(default=False)),
        migrations.AddField("lineitem", "look_again", models.BooleanField(default=False)),
    ]
