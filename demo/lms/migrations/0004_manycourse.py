from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demo_lms", "0003_profile_meta")]

    operations = [
        migrations.CreateModel(
            name="ManyCourse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("course_key", models.CharField(max_length=255, unique=True)),
                ("title", models.CharField(max_length=255)),
                ("number", models.PositiveIntegerField()),
                ("blocks", models.PositiveIntegerField()),
            ],
        ),
    ]
