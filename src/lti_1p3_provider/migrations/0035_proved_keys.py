"""An invitation may ask a platform to prove its key of LTI 1.1; and what people of LTI 1.1 are called in the admin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0030_rosters")]

    operations = [
        migrations.AlterModelOptions(
            name="legacymatch",
            options={
                "verbose_name": "person known from LTI 1.1",
                "verbose_name_plural": "people known from LTI 1.1",
            },
        ),
    ]
