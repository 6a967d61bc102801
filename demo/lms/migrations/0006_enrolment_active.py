from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demo_lms", "0005_lti_provider")]

    operations = [
        migrations.AddField(model_name="enrolment", name="active", field=models.BooleanField(default=True)),
    ]
