"""An invitation may ask a platform to prove its key of LTI 1.1; and what people of LTI 1.1 are called in the admin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lti_1p3_provider", "0033_provisioning")]

    operations = [
        migrations.AlterModelOptions(
            name="legacymatch",
            options={
                "verbose_name": "person known from LTI 1.1",
                "verbose_name_plural": "people known from LTI 1.1",
            },
        ),
        migrations.AddField(
            model_name="invitation",
            name="legacy_until",
            field=models.DateField(
                blank=True,
                help_text="Moodle only: it has to prove the key of the tool that this one takes the place of, and learners of that keep their accounts if they launch by this day. Empty: everybody gets a new account.",
                null=True,
                verbose_name="keep its people of LTI 1.1 until",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="legacy_consumer_key",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The only key that it may prove. Empty: any that this site's LTI 1.1 provider has.",
                max_length=255,
                verbose_name="LTI 1.1 key",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="proof_digest",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
    ]
