"""A pending score knows the block that its person opened, a grant the link; rows that are there get their link's block."""

from typing import Any

from django.db import migrations, models

BATCH = 5000  # primary keys


def fill(apps: Any, schema_editor: Any, batch: int = BATCH) -> None:
    """Give each pending score the block of its line item, some at a time."""
    scores = apps.get_model("lti_1p3_provider", "PendingScore").objects.using(schema_editor.connection.alias)
    items = apps.get_model("lti_1p3_provider", "LineItem").objects.using(schema_editor.connection.alias)
    newest = scores.aggregate(newest=models.Max("pk"))["newest"] or 0
    mine = items.filter(pk=models.OuterRef("line_item_id"))
    block = {name: models.Subquery(mine.values(name)[:1]) for name in ("course_key", "usage_key")}
    for first in range(0, newest + 1, batch):
        scores.filter(pk__gte=first, pk__lt=first + batch).update(**block)


def nothing(apps: Any, schema_editor: Any) -> None:
    """There is nothing to take back: the columns go."""


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0009_outline")]

    operations = [
        migrations.AddField("grant", "link_pk", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("lineitem", "is_mixed", models.BooleanField(default=False)),
        migrations.AddField("lineitem", "moved_up_to", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "pendingscore", "course_key", models.CharField(default="", max_length=255), preserve_default=False
        ),
        migrations.AddField(
            "pendingscore", "usage_key", models.CharField(default="", max_length=255), preserve_default=False
        ),
        migrations.RunPython(fill, nothing),
        migrations.RemoveIndex("lineitem", "lti1p3_item_course"),
        migrations.AddIndex("lineitem", models.Index(fields=["is_mixed"], name="lti1p3_item_mixed")),
        migrations.AddIndex("lineitem", models.Index(fields=["moved_up_to"], name="lti1p3_item_moving")),
        migrations.AddIndex(
            "pendingscore", models.Index(fields=["platform_user", "course_key"], name="lti1p3_score_learner")
        ),
        migrations.AddIndex(
            "pendingscore",
            models.Index(fields=["course_key", "line_item", "platform_user"], name="lti1p3_score_course"),
        ),
    ]
