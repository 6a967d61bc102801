"""Learners of LTI 1.1 keep their accounts where a registration says how they are recognized, and what became of each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lti_1p3_provider", "0027_account_modes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="platformuser",
            name="legacy_digest",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="registration",
            name="legacy_consumer_key",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The platform's key there. Needed without a signature; with one, empty means any key that signs.",
                max_length=255,
                verbose_name="LTI 1.1 key",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="legacy_until",
            field=models.DateField(
                blank=True,
                help_text="The last day. Needed without a signature: until then the platform decides who is who.",
                null=True,
                verbose_name="recognize them until",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="legacy_way",
            field=models.CharField(
                blank=True,
                choices=[
                    ("signed", "by the platform's signature, made with the LTI 1.1 secret"),
                    ("stated", "by what the platform says, without a signature"),
                    ("same_ids", "by the same user ids: the platform kept them"),
                ],
                default="",
                help_text="Learners who came through this site's LTI 1.1 provider keep their account at their first launch. Empty: everybody gets a new one.",
                max_length=16,
                verbose_name="recognize people of LTI 1.1",
            ),
        ),
        migrations.CreateModel(
            name="LegacyMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer_key", models.CharField(max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("adopted", "the account of LTI 1.1 goes on"),
                            ("unproved", "no secret of this LTI 1.1 key made the signature"),
                            ("has_account", "the person had launched before, with another account"),
                            ("taken", "the account of LTI 1.1 is somebody else's already"),
                            ("staff", "the account of LTI 1.1 is staff's"),
                            ("inactive", "the account of LTI 1.1 is switched off"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "platform_user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lti_1p3_provider.platformuser",
                    ),
                ),
            ],
        ),
    ]
