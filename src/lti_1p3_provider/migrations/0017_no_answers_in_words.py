"""A score that was given up says so by itself; why is its reason."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0016_reasons_of_old_answers")]

    operations = [
        migrations.RemoveIndex("pendingscore", "lti1p3_score_parked"),
        migrations.RemoveField("pendingscore", "parked"),
    ]
