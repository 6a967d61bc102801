import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("demo_lms", "0004_manycourse"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LtiConsumer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer_name", models.CharField(max_length=255, unique=True)),
                ("consumer_key", models.CharField(max_length=32, unique=True)),
                ("consumer_secret", models.CharField(max_length=32, unique=True)),
                ("instance_guid", models.CharField(max_length=255, null=True, unique=True)),
            ],
            options={"db_table": "lti_provider_lticonsumer"},
        ),
        migrations.CreateModel(
            name="LtiUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lti_user_id", models.CharField(max_length=255)),
                (
                    "edx_user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lti_consumer",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="demo_lms.lticonsumer"),
                ),
            ],
            options={
                "db_table": "lti_provider_ltiuser",
                "constraints": [
                    models.UniqueConstraint(fields=("lti_consumer", "lti_user_id"), name="demo_lti_user_identity")
                ],
            },
        ),
    ]
