"""The outline can be searched, and says what blocks are worth with all that is below them.

Outlines that are there already are written anew, by whoever needs one first or by cron; until then their rows serve.
"""

from django.db import migrations, models

from lti_1p3_provider.outline import full_text

def make_index(apps, schema_editor):
    full_text.make(schema_editor.connection)


def drop_index(apps, schema_editor):
    full_text.drop(schema_editor.connection)


def write_anew(apps, schema_editor):
    outlines = apps.get_model("lti_1p3_provider", "CourseOutline").objects
    outlines.using(schema_editor.connection.alias).update(version="")


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0018_deep_linking")]

    operations = [
        migrations.AddField("courseoutline", "org", models.CharField(blank=True, db_index=True, default="", max_length=255), preserve_default=False),
        migrations.AddField("outlineblock", "words", models.CharField(blank=True, default="", max_length=1000), preserve_default=False),
        migrations.AddField("outlineblock", "total", models.FloatField(null=True)),
        migrations.AddField("outlineblock", "warns", models.CharField(blank=True, default="", max_length=100), preserve_default=False),
        migrations.AddIndex("outlineblock", models.Index(fields=["outline", "position"], name="lti1p3_outline_order")),
        migrations.RunPython(write_anew, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(make_index, drop_index),
    ]
