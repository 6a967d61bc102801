"""Attempts of before name people by a digest without a secret, which anybody can try out. It is dropped: what it was made of is not
known any more, so it cannot be made anew."""

from django.db import migrations

BATCH = 2000


def unname(apps, schema_editor, batch=BATCH):
    attempts = apps.get_model("lti_1p3_provider", "LaunchAttempt").objects.using(schema_editor.connection.alias)
    last = 0
    while pks := list(attempts.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]):
        last = pks[-1]
        attempts.filter(pk__gte=pks[0], pk__lte=last).exclude(subject_digest="").update(subject_digest="")


class Migration(migrations.Migration):

    atomic = False  # a site may have millions; each batch is good by itself, and running it again harms nothing

    dependencies = [
        ("lti_1p3_provider", "0011_outages_of_deployments"),
    ]

    operations = [migrations.RunPython(unname, migrations.RunPython.noop)]
