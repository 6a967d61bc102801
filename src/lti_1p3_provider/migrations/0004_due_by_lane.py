"""The oldest due scores of a lane, and the lanes in which somebody sends, found without looking at all others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0003_lanes_and_outages")]

    operations = [
        migrations.AddIndex("lane", models.Index(fields=["leased_until"], name="lti1p3_lane_leased")),
        migrations.AddIndex("pendingscore", models.Index(fields=["lane", "due_at"], name="lti1p3_score_lane_due")),
        migrations.AlterField(
            "pendingscore",
            "lane",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lti_1p3_provider.lane",
            ),
        ),
    ]
