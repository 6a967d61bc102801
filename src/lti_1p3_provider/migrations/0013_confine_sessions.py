from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lti_1p3_provider", "0012_unname_old_attempts"),
    ]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="usage_key",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="registration",
            name="confine_sessions",
            field=models.BooleanField(
                default=True,
                help_text="Off: whoever launches can use the whole site with their account; the gate limits launches only.",
                verbose_name="confine its people to what they launched",
            ),
        ),
    ]
